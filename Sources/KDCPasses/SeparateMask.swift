import KDCGraph
import KDCTensor

/// Takes values that hide an output (−10,000, −∞) out of the bias of a Gemm or Conv and adds them after it: in int8 the
/// layer's output would have room for them alone.
package enum SeparateMask: GraphPass {
  package static let name = "separate masks from biases"

  /// Magnitude from which a value of a bias hides the output rather than shifts it.
  private static let least: Float = 10_000

  package static func run(on graph: inout Graph) -> Int {
    var changes = 0
    var index = 0
    while index < graph.nodes.count {
      if separate(at: index, in: &graph) { changes += 1 }
      index += 1
    }
    return changes
  }

  private static func separate(at index: Int, in graph: inout Graph) -> Bool {
    let node = graph.nodes[index]
    guard node.isStandard("Gemm", "Conv"), let bias = graph.floatConstant(node.input(2)), bias.shape.rank == 1,
      let values = bias.floats, node.opType == "Conv" || (node.float("beta") ?? 1) == 1,
      let type = graph.types[node.outputs[0]], type.shape.rank >= 2,
      type.shape[node.opType == "Gemm" ? type.shape.rank - 1 : 1] == values.count
    else { return false }
    let hides = values.map { !$0.isFinite || abs($0) >= least }
    guard hides.contains(true), hides.contains(false) else { return false }
    let trailing = node.opType == "Gemm" ? 0 : type.shape.rank - 2
    let mask = Tensor(
      Shape([values.count] + [Int](repeating: 1, count: trailing)), zip(values, hides).map { $1 ? $0 : 0 })
    graph.setConstant(
      Tensor(bias.shape, zip(values, hides).map { $1 ? 0 : $0 }), input: 2, ofNodeAt: index, name: node.name + ".bias")
    let inner = graph.freshName(node.outputs[0] + ".shown")
    graph.types[inner] = type
    graph.nodes[index].outputs[0] = inner
    let added = Node(
      name: graph.freshNodeName(node.name + ".mask"), opType: "Add", opset: graph.opset,
      inputs: [inner, graph.addInitializer(node.name + ".mask", mask)], outputs: [node.outputs[0]])
    graph.nodes.insert(added, at: index + 1)
    return true
  }
}
