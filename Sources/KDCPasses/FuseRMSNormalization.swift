import KDCGraph
import KDCTensor

/// Makes one RMSNormalization of its parts: x / sqrt(mean(x²) + ε) over the last axes, times a constant where one follows.
package enum FuseRMSNormalization: GraphPass {
  package static let name = "fuse RMS normalization"

  package static func run(on graph: inout Graph) -> Int {
    graph.rewriteNormalizations { graph, index, matcher in
      let node = graph.nodes[index]
      guard node.isStandard("Div", "Mul"), let output = graph.types[node.outputs[0]], output.dataType == .float32 else {
        return false
      }
      return absorb(node, at: index, matcher.uses, in: &graph)
        || fuse(node, at: index, output.shape, matcher, in: &graph)
    }
  }

  private static func fuse(
    _ node: Node, at index: Int, _ shape: Shape, _ matcher: NormalizationMatcher, in graph: inout Graph
  ) -> Bool {
    guard let (x, deviation) = matcher.quotient(node, of: matcher.meanSquare), x == deviation.of.input,
      let first = deviation.of.axes.first, deviation.of.axes == Array(first..<shape.rank),
      graph.types[x]?.shape == shape
    else { return false }
    let dims = Array(shape.dims[first...])
    let scale =
      deviation.gain.map { graph.broadcastConstant($0, to: dims) }
      ?? [Float](repeating: 1, count: dims.reduce(1, *))
    guard let scale else { return false }
    let name = graph.addInitializer(node.name + ".scale", Tensor(Shape(dims), scale))
    let fused = Node(
      name: node.name, opType: "RMSNormalization", opset: 23, inputs: [x, name], outputs: node.outputs,
      attributes: ["axis": .int(Int64(first - shape.rank)), "epsilon": .float(deviation.epsilon)])
    graph.editNode(at: index) { $0 = fused }
    return true
  }

  /// A constant that scales the result alone becomes its scale.
  private static func absorb(_ node: Node, at index: Int, _ uses: ValueUses, in graph: inout Graph) -> Bool {
    guard node.opType == "Mul", node.inputs.count == 2 else { return false }
    for (own, other) in [(0, 1), (1, 0)] {
      guard let producer = uses.producers[node.inputs[own]], uses.onlyConsumer(of: node.inputs[own]) != nil,
        graph.nodes[producer].isStandard("RMSNormalization"), let shape = graph.types[node.inputs[own]]?.shape,
        graph.types[node.outputs[0]]?.shape == shape,
        let scale = graph.floatConstant(graph.nodes[producer].input(1))
      else { continue }
      let axis = Int(graph.nodes[producer].int("axis") ?? -1)
      let dims = Array(shape.dims[(axis < 0 ? shape.rank + axis : axis)...])
      guard let constant = graph.broadcastConstant(node.inputs[other], to: dims), scale.count == constant.count,
        let factors = scale.floats
      else { continue }
      let product = Tensor(Shape(dims), zip(factors, constant).map { $0 * $1 })
      graph.setConstant(product, input: 1, ofNodeAt: producer, name: node.name + ".scale")
      return graph.bypass(nodeAt: index, with: node.inputs[own])
    }
    return false
  }
}
