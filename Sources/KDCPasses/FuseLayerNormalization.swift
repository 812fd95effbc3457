import KDCGraph
import KDCTensor

/// Makes one LayerNormalization of its parts: (x − mean) / sqrt(variance + ε) over the last axes, then scales and shifts
/// by constants, in the forms that exporters write. So is `x · g + (b − mean · g)` with g = scale / sqrt(variance + ε).
package enum FuseLayerNormalization: GraphPass {
  package static let name = "fuse layer normalization"

  package static func run(on graph: inout Graph) -> Int {
    graph.rewriteNormalizations { graph, index, matcher in
      let node = graph.nodes[index]
      guard node.isStandard("Div", "Mul", "Add", "Sub"), let output = graph.types[node.outputs[0]],
        output.dataType == .float32
      else { return false }
      return absorb(node, at: index, matcher.uses, in: &graph)
        || fuse(node, at: index, output.shape, matcher, in: &graph)
    }
  }

  private static func fuse(
    _ node: Node, at index: Int, _ shape: Shape, _ matcher: NormalizationMatcher, in graph: inout Graph
  ) -> Bool {
    var offset: String?
    guard
      let deviation = plain(node, matcher)
        ?? affine(node, matcher).map({
          offset = $0.offset
          return $0.deviation
        })
    else { return false }
    let (x, axes) = (deviation.of.input, deviation.of.axes)
    guard let first = axes.first, axes == Array(first..<shape.rank), graph.types[x]?.shape == shape,
      !FuseInstanceNormalization.fits(x, axes, index, matcher)
    else { return false }
    let dims = Array(shape.dims[first...])
    guard
      let scale = deviation.gain.map({ graph.broadcastConstant($0, to: dims) })
        ?? [Float](repeating: 1, count: dims.reduce(1, *))
    else { return false }
    var inputs = [x, ""]
    if let offset {
      guard let values = graph.broadcastConstant(offset, to: dims) else { return false }
      inputs.append(graph.addInitializer(node.name + ".bias", Tensor(Shape(dims), values)))
    }
    inputs[1] = graph.addInitializer(node.name + ".scale", Tensor(Shape(dims), scale))
    let fused = Node(
      name: node.name, opType: "LayerNormalization", opset: 17, inputs: inputs, outputs: node.outputs,
      attributes: ["axis": .int(Int64(first - shape.rank)), "epsilon": .float(deviation.epsilon)])
    graph.editNode(at: index) { $0 = fused }
    return true
  }

  /// The deviation by which `node` divides x − mean(x).
  private static func plain(_ node: Node, _ matcher: NormalizationMatcher) -> NormalizationMatcher.Deviation? {
    guard let (value, deviation) = matcher.quotient(node, of: matcher.variance),
      matcher.centred(value) == deviation.of
    else { return nil }
    return deviation
  }

  /// x · g + (b − mean(x) · g), or with −mean(x) · g and no b.
  private static func affine(
    _ node: Node, _ matcher: NormalizationMatcher
  ) -> (deviation: NormalizationMatcher.Deviation, offset: String?)? {
    guard node.opType == "Add" || node.opType == "Sub", node.inputs.count == 2 else { return nil }
    for (own, other) in node.opType == "Add" ? [(0, 1), (1, 0)] : [(0, 1)] {
      guard let product = matcher.producer(node.inputs[own], "Mul"),
        let (x, deviation) = matcher.quotient(product, of: matcher.variance), x == deviation.of.input
      else { continue }
      let factor = product.inputs[product.inputs[0] == x ? 1 : 0]
      var shift = node.inputs[other]
      var offset: String?
      if node.opType == "Add" {
        guard let sub = matcher.producer(shift, "Sub"), matcher.graph.floatConstant(sub.inputs[0]) != nil else {
          continue
        }
        (offset, shift) = (sub.inputs[0], sub.inputs[1])
      }
      guard let scaled = matcher.producer(shift, "Mul"), scaled.inputs.count == 2,
        let mean = scaled.inputs.first(where: { $0 != factor }), scaled.inputs.contains(factor),
        matcher.mean(mean) == deviation.of
      else { continue }
      return (deviation, offset)
    }
    return nil
  }

  /// A constant that scales or shifts the result of a LayerNormalization alone becomes its scale or bias.
  private static func absorb(_ node: Node, at index: Int, _ uses: ValueUses, in graph: inout Graph) -> Bool {
    guard node.isStandard("Mul", "Add"), node.inputs.count == 2 else { return false }
    for (own, other) in [(0, 1), (1, 0)] {
      guard let producer = uses.producers[node.inputs[own]], uses.onlyConsumer(of: node.inputs[own]) != nil,
        graph.nodes[producer].isStandard("LayerNormalization"), let shape = graph.types[node.inputs[own]]?.shape,
        graph.types[node.outputs[0]]?.shape == shape, let scale = graph.floatConstant(graph.nodes[producer].input(1)),
        graph.nodes[producer].outputs.dropFirst().allSatisfy({ $0.isEmpty })
      else { continue }
      let axis = Int(graph.nodes[producer].int("axis") ?? -1)
      let dims = Array(shape.dims[(axis < 0 ? shape.rank + axis : axis)...])
      guard let constant = graph.broadcastConstant(node.inputs[other], to: dims),
        let factors = scale.count == constant.count ? scale.floats : nil
      else { continue }
      let old = graph.nodes[producer].input(2)
      let bias = old.map { graph.floatConstant($0)?.floats } ?? [Float](repeating: 0, count: constant.count)
      guard let bias, bias.count == constant.count else { continue }
      let isProduct = node.opType == "Mul"
      if isProduct {
        let product = Tensor(Shape(dims), zip(factors, constant).map { $0 * $1 })
        graph.setConstant(product, input: 1, ofNodeAt: producer, name: node.name + ".scale")
      }
      if !isProduct || old != nil {
        let sum = zip(bias, constant).map { isProduct ? $0 * $1 : $0 + $1 }
        graph.setConstant(Tensor(Shape(dims), sum), input: 2, ofNodeAt: producer, name: node.name + ".bias")
      }
      return graph.bypass(nodeAt: index, with: node.inputs[own])
    }
    return false
  }
}
