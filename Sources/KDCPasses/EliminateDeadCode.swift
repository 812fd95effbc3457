import KDCGraph

/// Removes nodes whose outputs nothing reads, and initializers that are left over.
package enum EliminateDeadCode: GraphPass {
  package static let name = "eliminate dead code"

  package static func run(on graph: inout Graph) -> Int {
    var live = Set(graph.outputs)
    var kept: [Node] = []
    for node in graph.nodes.reversed() where node.outputs.contains(where: live.contains) {
      live.formUnion(node.reads)
      kept.append(node)
    }
    let changes = graph.nodes.count - kept.count
    graph.nodes = kept.reversed()
    return changes + graph.removeUnusedInitializers()
  }
}
