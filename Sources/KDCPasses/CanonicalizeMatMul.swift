import KDCGraph
import KDCTensor

/// Gemm and MatMul with a constant matrix → com.microsoft FusedGemm: X [..., K], W [N, K], B [N], with alpha, beta and
/// the transposes folded into the constants.
package enum CanonicalizeMatMul: GraphPass {
  package static let name = "canonicalize matrix products"

  package static func run(on graph: inout Graph) -> Int {
    _ = graph.replaceNodes(withoutTransposedInput)
    return graph.rewriteNodes { graph, index in
      switch graph.nodes[index] {
      case let node where node.isStandard("Gemm"): rewriteGemm(node, at: index, of: &graph)
      case let node where node.isStandard("MatMul"): rewriteMatMul(node, at: index, of: &graph)
      default: false
      }
    }
  }

  private static func rewriteMatMul(_ node: Node, at index: Int, of graph: inout Graph) -> Bool {
    guard let input = node.input(0), graph.initializers[input] == nil, let rank = graph.types[input]?.shape.rank,
      let weight = graph.floatConstant(node.input(1)), weight.shape.rank >= 2, rank >= weight.shape.rank,
      weight.shape.dims.dropLast(2).allSatisfy({ $0 == 1 })
    else { return false }
    let matrix = weight.reshaped(to: Shape(Array(weight.shape.dims.suffix(2))))
    let bias = Tensor([matrix.shape[1]], [Float](repeating: 0, count: matrix.shape[1]))
    replace(node, at: index, input: input, weight: matrix.transposed(scale: 1), bias: bias, in: &graph)
    return true
  }

  /// A Gemm with transA as a Transpose and a Gemm without.
  private static func withoutTransposedInput(_ graph: inout Graph, _ node: Node) -> [Node]? {
    guard node.isStandard("Gemm"), node.int("transA") == 1, let input = node.input(0), let type = graph.types[input],
      type.shape.rank == 2, type.dataType == .float32
    else { return nil }
    let transposed = graph.freshName(input + ".transposed")
    graph.types[transposed] = TensorType(.float32, [type.shape[1], type.shape[0]])
    var plain = node
    plain.inputs[0] = transposed
    plain.attributes["transA"] = nil
    return [
      Node(
        name: graph.freshNodeName(node.name + ".transpose"), opType: "Transpose", opset: graph.opset, inputs: [input],
        outputs: [transposed], attributes: ["perm": .ints([1, 0])]), plain,
    ]
  }

  private static func rewriteGemm(_ node: Node, at index: Int, of graph: inout Graph) -> Bool {
    guard let input = node.input(0), let weight = graph.floatConstant(node.input(1)), weight.shape.rank == 2,
      graph.types[input]?.shape.rank == 2
    else { return false }
    let alpha = node.float("alpha") ?? 1
    let beta = node.float("beta") ?? 1
    let matrix = node.int("transB") == 1 ? weight.scaled(by: alpha) : weight.transposed(scale: alpha)
    let count = matrix.shape[0]
    var bias = [Float](repeating: 0, count: count)
    if let name = node.input(2) {
      guard let constant = graph.floatConstant(name), let values = constant.floats,
        values.count == 1 || (values.count == count && constant.shape.dims.last == count)
      else { return false }
      bias = bias.indices.map { beta * values[values.count == 1 ? 0 : $0] }
    }
    replace(node, at: index, input: input, weight: matrix, bias: Tensor([count], bias), in: &graph)
    return true
  }

  private static func replace(
    _ node: Node, at index: Int, input: String, weight: Tensor, bias: Tensor, in graph: inout Graph
  ) {
    graph.editNode(at: index) { $0.inputs = [input] + node.inputs.dropFirst() }
    graph.setConstant(weight, input: 1, ofNodeAt: index, name: node.name + ".weight")
    graph.setConstant(bias, input: 2, ofNodeAt: index, name: node.name + ".bias")
    graph.editNode(at: index) {
      $0.opType = "FusedGemm"
      $0.domain = "com.microsoft"
      $0.opset = 1
      $0.attributes = ["transB": .int(1)]
    }
  }
}

extension Tensor {
  /// The transpose of a float matrix times `scale`.
  fileprivate func transposed(scale: Float) -> Tensor {
    guard let values = floats else { return self }
    let (rows, columns) = (shape[0], shape[1])
    var result = [Float](repeating: 0, count: values.count)
    for row in 0..<rows {
      for column in 0..<columns { result[column &* rows &+ row] = scale * values[row &* columns &+ column] }
    }
    return Tensor([columns, rows], result)
  }

  fileprivate func scaled(by scale: Float) -> Tensor {
    guard scale != 1, let values = floats else { return self }
    return Tensor(shape, values.map { scale * $0 })
  }
}
