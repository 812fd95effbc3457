import KDCGraph
import KDCTensor

/// Folds what is left of BatchNormalization and of Mul, Div, Add and Sub by constants per channel into the convolution
/// or matrix product that follows, if nothing else reads the result.
///
/// A shift must not meet padding, whose zeros would have been added after it. What standardises an input of the model
/// stays before the first layer.
package enum FoldAffineIntoReader: GraphPass {
  package static let name = "fold channel scales and shifts forward"

  package static func run(on graph: inout Graph) -> Int {
    graph.rewriteNodes { graph, index in
      let node = graph.nodes[index]
      let uses = graph.uses()
      guard let output = node.outputs.first, let next = uses.onlyConsumer(of: output), graph.nodes[next].isFused,
        graph.nodes[next].inputs[0] == output, let shape = graph.types[output]?.shape,
        let axis = axis(of: graph.nodes[next], rank: shape.rank),
        let (input, affine) = affine(node, axis: axis, channels: shape[axis], in: graph),
        graph.types[input] == graph.types[output],
        affine.shift.allSatisfy({ $0 == 0 }) || !isPadded(graph.nodes[next]), !graph.isNearInput(input, uses),
        fold(affine, intoReader: next, of: &graph)
      else { return false }
      return graph.bypass(nodeAt: index, with: input)
    }
  }

  private static func axis(of reader: Node, rank: Int) -> Int? {
    guard rank >= 2 else { return nil }
    return reader.opType == "FusedGemm" ? rank - 1 : 1
  }

  private static func isPadded(_ node: Node) -> Bool { (node.ints("pads") ?? []).contains { $0 != 0 } }

  /// The node as scale and shift of the channels along `axis`, and the value it changes.
  private static func affine(
    _ node: Node, axis: Int, channels: Int, in graph: Graph
  ) -> (input: String, affine: ChannelAffine)? {
    if let parameters = BatchNormalizationParameters(node, in: graph), let input = node.input(0) {
      return axis == 1 && parameters.affine.scale.count == channels ? (input, parameters.affine) : nil
    }
    guard node.isStandard("Mul", "Div", "Add", "Sub"), node.inputs.count == 2 else { return nil }
    for (data, other) in [(0, 1), (1, 0)] {
      guard let constant = graph.floatConstant(node.inputs[other]), constant.count > 1,
        graph.initializers[node.inputs[data]] == nil, let rank = graph.types[node.inputs[data]]?.shape.rank,
        let values = FoldChannelAffine.perChannel(constant, channels, axis: axis, rank: rank),
        let affine = FoldChannelAffine.affine(node.opType, values, constantIsFirst: other == 0)
      else { continue }
      return (node.inputs[data], affine)
    }
    return nil
  }

  /// W[o, i] · (scale[i] · x[i] + shift[i]) + B[o], as new weights and biases of x. False where they are not constant.
  private static func fold(_ affine: ChannelAffine, intoReader index: Int, of graph: inout Graph) -> Bool {
    let node = graph.nodes[index]
    guard let weight = graph.floatConstant(node.input(1)), let values = weight.floats, weight.shape.rank >= 2,
      let bias = graph.floatConstant(node.input(2))?.floats, bias.count == weight.shape[0]
    else { return false }
    let (rows, depth) = (weight.shape[0], weight.shape[1])
    let taps = weight.shape.dims[2...].reduce(1, *)
    let rowsPerGroup = max(rows / node.group, 1)
    var scaled = values
    var shifted = bias.map { Double($0) }
    for row in 0..<rows {
      for column in 0..<depth {
        let channel = row / rowsPerGroup * depth + column
        let start = (row * depth + column) * taps
        for i in start..<start + taps {
          shifted[row] += Double(values[i]) * affine.shift[channel]
          scaled[i] = Float(Double(values[i]) * affine.scale[channel])
        }
      }
    }
    graph.setConstant(Tensor(weight.shape, scaled), input: 1, ofNodeAt: index, name: node.name + ".weight")
    graph.setConstant(Tensor([rows], shifted.map { Float($0) }), input: 2, ofNodeAt: index, name: node.name + ".bias")
    return true
  }
}
