import KDCGraph
import KDCOps
import KDCTensor

/// The way of a layer's output channels to the layers and outputs that use them, through operators f with
/// f(s · x) = s · f(x) for every s > 0, channel by channel: rectifiers, pools, movement, products with other values.
///
/// Dividing the layer's channels by positive numbers and multiplying at the ends of the path by the same changes nothing in
/// float (Nagel et al., "Data-Free Quantization Through Weight Equalization and Bias Correction", 2019).
struct ChannelPath {
  /// A layer with constant weights that sums over the channels: for each channel of its input, the source's or nil.
  struct Reader {
    var node: Int
    var channels: [Int?]
  }
  /// A value that leaves the graph, or is only read in float from there on.
  struct Exit {
    var value: String
    var axis: Int
    /// For each position along the axis, the source's channel.
    var channels: [Int?]
    /// Nodes that read the value on its way out; others do so on the path.
    var nodes: [Int]
  }

  /// Index of the layer's node, and its output.
  let source: Int
  let output: String
  let channelCount: Int
  let axis: Int
  private(set) var readers: [Reader] = []
  private(set) var exits: [Exit] = []

  /// nil where the channels cannot be scaled: a residual, a clip, an operator in between that is not homogeneous.
  init?(from source: Int, in graph: Graph, plan: QuantizationPlan, uses: ValueUses) {
    let node = graph.nodes[source]
    guard let layer = try? WeightedNode(node, outputRank: graph.types[node.outputs[0]]?.shape.rank ?? 0),
      layer.residual == nil, layer.clamp == 0 ... .infinity || layer.clamp == -.infinity ... .infinity,
      graph.initializers[layer.weights]?.dataType == .float32,
      layer.bias.map({ graph.initializers[$0]?.dataType == .float32 }) ?? true,
      let shape = graph.types[node.outputs[0]]?.shape, shape.dims.indices.contains(layer.channelAxis)
    else { return nil }
    self.source = source
    output = node.outputs[0]
    axis = layer.channelAxis
    channelCount = shape[axis]
    guard channelCount > 1 else { return nil }
    var labels = [output: ScaledChannels(axis: axis, channels: (0..<channelCount).map { $0 })]
    guard split(output, labels[output], graph, plan, uses) else { return nil }
    for index in graph.nodes.indices.dropFirst(source + 1) {
      let node = graph.nodes[index]
      let read = node.inputs.filter { name in labels[name] != nil && !isExit(index, of: name) }
      guard !read.isEmpty else { continue }
      if WeightedNode.weights(of: node) != nil {
        guard read == [node.inputs[0]], let own = labels[node.inputs[0]], enter(index, own, graph) else { return nil }
        continue
      }
      guard let op = plan.operators[index] as? any ScalePassing, let results = op.scaled(node, labels, in: graph) else {
        return nil
      }
      for (output, result) in zip(node.outputs, results) where !output.isEmpty {
        labels[output] = result
        guard split(output, result, graph, plan, uses) else { return nil }
      }
    }
  }

  private func isExit(_ node: Int, of value: String) -> Bool {
    exits.contains { $0.value == value && $0.nodes.contains(node) }
  }

  /// Notes where a value on the path leaves it. False where it is read in float amid the graph.
  private mutating func split(
    _ value: String, _ labels: ScaledChannels?, _ graph: Graph, _ plan: QuantizationPlan, _ uses: ValueUses
  ) -> Bool {
    guard let labels else { return true }
    let readers = Set(uses.consumers[value] ?? [])
    let leaving = readers.filter { reader in
      let results = graph.nodes[reader].outputs.filter { !$0.isEmpty }
      guard results.allSatisfy(plan.tail.free.contains) else { return false }
      switch plan.rules[reader] {
      case .float: return true
      case .sameAsInput(let movement): return movement != .resample
      case .integer: return false
      }
    }
    guard !leaving.isEmpty || uses.outputs.contains(value) else { return true }
    let reaches = leaving.allSatisfy { graph.nodes[$0].outputs.contains(where: plan.tail.leaving.contains) }
    guard reaches else { return false }
    exits.append(Exit(value: value, axis: labels.axis, channels: labels.channels, nodes: leaving.sorted()))
    return true
  }

  /// Enters a layer that reads the path. False where its weights cannot take the factors.
  private mutating func enter(_ index: Int, _ labels: ScaledChannels, _ graph: Graph) -> Bool {
    let node = graph.nodes[index]
    guard let weights = node.input(1).flatMap({ graph.initializers[$0] }), weights.dataType == .float32,
      let rank = graph.types[node.inputs[0]]?.shape.rank,
      labels.axis == (Operators.type(of: node) as? any WeightedLayer.Type)?.channelAxis(rank: rank)
    else { return false }
    readers.append(Reader(node: index, channels: labels.channels))
    return true
  }
}
