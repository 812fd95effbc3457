import KDCGraph
import KDCOps
import KDCTensor

/// Replaces nodes whose outputs are known when compiling by initializers: Constant nodes, arithmetic on initializers, and
/// shape arithmetic (Shape, Gather, Concat … of static shapes).
package enum FoldConstants: GraphPass {
  package static let name = "fold constants"

  /// A folded value may have this many elements more than what it is made of; bigger ones (an Expand) stay computed.
  private static let allowedGrowth = 1 << 18

  package static func run(on graph: inout Graph) throws -> Int {
    let known = try graph.inferTypes()
    var kept: [Node] = []
    for node in graph.nodes {
      guard !node.hasSubgraph, !node.outputs.isEmpty, let values = try fold(node, known, graph) else {
        kept.append(node)
        continue
      }
      for (name, value) in zip(node.outputs, values) where !name.isEmpty { graph.initializers[name] = value }
    }
    let changes = graph.nodes.count - kept.count
    graph.nodes = kept
    return changes
  }

  private static func fold(_ node: Node, _ known: [String: Tensor], _ graph: Graph) throws -> [Tensor]? {
    let shapes = node.outputs.filter { !$0.isEmpty }.compactMap { known[$0] }
    if shapes.count == node.outputs.count { return shapes }
    let inputs = node.inputs.map { $0.isEmpty ? nil : graph.initializers[$0] }
    guard zip(node.inputs, inputs).allSatisfy({ $0.isEmpty || $1 != nil }) else { return nil }
    let growth =
      node.outputs.reduce(0) { $0 + (graph.types[$1]?.shape.count ?? 0) }
      - inputs.reduce(0) { $0 + ($1?.count ?? 0) }
    guard growth <= allowedGrowth || node.isStandard("Constant") else { return nil }
    let values = try Operators.decode(node).folded(inputs)
    return values.count >= node.outputs.count ? values : nil
  }
}
