import KDCGraph
import KDCTensor

/// Makes one InstanceNormalization of its parts: (x − mean) / sqrt(variance + ε) over all spatial axes of one image, then
/// a scale and a shift for each channel.
package enum FuseInstanceNormalization: GraphPass {
  package static let name = "fuse instance normalization"

  package static func run(on graph: inout Graph) -> Int {
    graph.rewriteNormalizations { graph, index, matcher in
      let node = graph.nodes[index]
      guard node.isStandard("Div", "Mul", "Add"), graph.types[node.outputs[0]]?.dataType == .float32 else {
        return false
      }
      return absorb(node, at: index, matcher.uses, in: &graph) || fuse(node, at: index, matcher, in: &graph)
    }
  }

  /// Whether statistics of `x` over `axes`, divided at node `index`, are of this kind rather than a LayerNormalization's:
  /// of three axes only where a scale for each channel follows.
  static func fits(_ x: String, _ axes: [Int], _ index: Int, _ matcher: NormalizationMatcher) -> Bool {
    let graph = matcher.graph
    guard let shape = graph.types[x]?.shape, shape.rank >= 3, shape[0] == 1, axes == Array(2..<shape.rank) else {
      return false
    }
    guard shape.rank == 3 else { return true }
    guard shape[1] > 1, let next = matcher.uses.onlyConsumer(of: graph.nodes[index].outputs[0]),
      graph.nodes[next].isStandard("Mul", "Add")
    else { return false }
    return graph.nodes[next].inputs.contains { perChannel($0, shape, graph) != nil && graph.scalar($0) == nil }
  }

  private static func fuse(
    _ node: Node, at index: Int, _ matcher: NormalizationMatcher, in graph: inout Graph
  ) -> Bool {
    guard let (value, deviation) = matcher.quotient(node, of: matcher.variance),
      matcher.centred(value) == deviation.of, fits(deviation.of.input, deviation.of.axes, index, matcher),
      let shape = graph.types[deviation.of.input]?.shape, graph.types[node.outputs[0]]?.shape == shape
    else { return false }
    let scale = deviation.gain.map { perChannel($0, shape, graph) } ?? [Float](repeating: 1, count: shape[1])
    guard let scale else { return false }
    let names = [("scale", scale), ("bias", [Float](repeating: 0, count: shape[1]))].map { part, values in
      graph.addInitializer(node.name + "." + part, Tensor([shape[1]], values))
    }
    let fused = Node(
      name: node.name, opType: "InstanceNormalization", opset: 6, inputs: [deviation.of.input] + names,
      outputs: node.outputs, attributes: ["epsilon": .float(deviation.epsilon)])
    graph.editNode(at: index) { $0 = fused }
    return true
  }

  /// A constant for each channel that scales or shifts the result alone becomes its scale or bias.
  private static func absorb(_ node: Node, at index: Int, _ uses: ValueUses, in graph: inout Graph) -> Bool {
    guard node.isStandard("Mul", "Add"), node.inputs.count == 2 else { return false }
    for (own, other) in [(0, 1), (1, 0)] {
      guard let producer = uses.producers[node.inputs[own]], uses.onlyConsumer(of: node.inputs[own]) != nil,
        graph.nodes[producer].isStandard("InstanceNormalization"), let shape = graph.types[node.inputs[own]]?.shape,
        graph.types[node.outputs[0]]?.shape == shape, let constant = perChannel(node.inputs[other], shape, graph),
        let scale = graph.floatConstant(graph.nodes[producer].input(1))?.floats,
        let bias = graph.floatConstant(graph.nodes[producer].input(2))?.floats
      else { continue }
      let isProduct = node.opType == "Mul"
      let channels = Shape([constant.count])
      if isProduct {
        let product = Tensor(channels, zip(scale, constant).map { $0 * $1 })
        graph.setConstant(product, input: 1, ofNodeAt: producer, name: node.name + ".scale")
      }
      let sum = Tensor(channels, zip(bias, constant).map { isProduct ? $0 * $1 : $0 + $1 })
      graph.setConstant(sum, input: 2, ofNodeAt: producer, name: node.name + ".bias")
      return graph.bypass(nodeAt: index, with: node.inputs[own])
    }
    return false
  }

  /// A constant as one value for each channel of [1, channels, spatial…]; nil where it varies otherwise.
  private static func perChannel(_ name: String, _ shape: Shape, _ graph: Graph) -> [Float]? {
    guard let tensor = graph.floatConstant(name), let values = tensor.floats, tensor.shape.rank <= shape.rank else {
      return nil
    }
    if values.count == 1 { return [Float](repeating: values[0], count: shape[1]) }
    let missing = shape.rank - tensor.shape.rank
    let isOnChannels = tensor.shape.dims.indices.allSatisfy { tensor.shape[$0] == 1 || $0 + missing == 1 }
    return isOnChannels && values.count == shape[1] ? values : nil
  }
}
