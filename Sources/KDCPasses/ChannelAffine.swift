import KDCGraph
import KDCTensor

/// y = scale · x + shift with one pair for each output channel of a FusedConv, FusedGemm or ConvTranspose.
struct ChannelAffine {
  var scale: [Double]
  var shift: [Double]
}

extension Graph {
  /// Number of output channels and their axis in the output, for a node with constant weights and bias whose result is
  /// read once and is linear still (no residual, no activation); nil for other nodes.
  func affineTarget(producing value: String, _ uses: ValueUses) -> (node: Int, channels: Int, axis: Int)? {
    guard let index = uses.producers[value], uses.onlyConsumer(of: value) != nil else { return nil }
    let node = nodes[index]
    guard let weight = floatConstant(node.input(1)), let rank = types[value]?.shape.rank, node.input(3) == nil,
      !node.hasActivation, node.input(2) == nil || floatConstant(node.input(2)) != nil
    else { return nil }
    if node.isFused { return (index, weight.shape[0], node.opType == "FusedGemm" ? rank - 1 : 1) }
    guard node.isStandard("ConvTranspose") else { return nil }
    return (index, weight.shape[1] * node.group, 1)
  }

  /// Folds `affine` into the weights and bias of a node that `affineTarget` has given.
  mutating func fold(_ affine: ChannelAffine, intoNodeAt index: Int) {
    let node = nodes[index]
    guard let weight = floatConstant(node.input(1)), let values = weight.floats else { return }
    let channels = affine.scale.count
    var scaled = values
    if node.isFused {
      let size = max(1, values.count / max(1, channels))
      for i in values.indices { scaled[i] = Float(Double(values[i]) * affine.scale[i / size]) }
    } else {
      // ConvTranspose: [C, M/group, …]; the rows of a group's input channels make that group's output channels.
      let perGroup = weight.shape[1]
      let rows = weight.shape[0] / node.group
      let size = max(1, values.count / max(1, weight.shape[0] * perGroup))
      for i in values.indices {
        let (row, column) = (i / (size * perGroup), i / size % perGroup)
        scaled[i] = Float(Double(values[i]) * affine.scale[row / rows * perGroup + column])
      }
    }
    let bias = floatConstant(node.input(2))?.floats ?? [Float](repeating: 0, count: channels)
    let shifted = bias.enumerated().map { Float(Double($1) * affine.scale[$0] + affine.shift[$0]) }
    setConstant(Tensor(weight.shape, scaled), input: 1, ofNodeAt: index, name: node.name + ".weight")
    setConstant(Tensor([channels], shifted), input: 2, ofNodeAt: index, name: node.name + ".bias")
  }
}

extension Node {
  var group: Int { if case .int(let value)? = attributes["group"] { max(1, Int(value)) } else { 1 } }
}

/// A BatchNormalization with constant parameters in inference mode.
struct BatchNormalizationParameters {
  let affine: ChannelAffine

  /// nil where the node is none, trains, or has computed parameters.
  init?(_ node: Node, in graph: Graph) {
    guard node.isStandard("BatchNormalization"), node.outputs.dropFirst().allSatisfy(\.isEmpty),
      let scale = graph.floatConstant(node.input(1))?.floats, let bias = graph.floatConstant(node.input(2))?.floats,
      let mean = graph.floatConstant(node.input(3))?.floats, let variance = graph.floatConstant(node.input(4))?.floats,
      [bias.count, mean.count, variance.count].allSatisfy({ $0 == scale.count })
    else { return nil }
    if case .int(let training)? = node.attributes["training_mode"], training != 0 { return nil }
    var epsilon = 1e-5
    if case .float(let value)? = node.attributes["epsilon"] { epsilon = Double(value) }
    let factors = zip(scale, variance).map { Double($0) / (Double($1) + epsilon).squareRoot() }
    affine = ChannelAffine(
      scale: factors, shift: factors.indices.map { Double(bias[$0]) - Double(mean[$0]) * factors[$0] })
  }
}
