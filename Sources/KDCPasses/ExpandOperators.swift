import KDCDiagnostics
import KDCGraph
import KDCOps

/// Replaces operators that are compositions of others by these.
package enum ExpandOperators: GraphPass {
  package static let name = "expand operators"

  package static func run(on graph: inout Graph) throws -> Int {
    var changes = 0
    // What an operator is composed of may be composed itself: a round for each depth.
    while case let found = try expandAll(of: &graph), found > 0 { changes += found }
    return changes
  }

  /// A round for all nodes but those that are expanded late, or for these alone.
  static func expandAll(of graph: inout Graph, late: Bool = false) throws -> Int {
    func isMeant(_ node: Node) -> Bool {
      guard let type = Operators.type(of: node) as? any Expanding.Type else { return false }
      return (type is any ExpandingLate.Type) == late
    }
    guard graph.nodes.contains(where: isMeant) else { return 0 }
    let constants = try graph.inferTypes().merging(graph.initializers) { $1 }
    var inlining = Inlining(into: graph)
    var kept: [Node] = []
    var changes = 0
    for node in graph.nodes {
      guard isMeant(node), let op = try Operators.decode(node) as? any Expanding else {
        kept.append(node)
        continue
      }
      let inputs = node.inputs.map { name -> (name: String, input: OperatorInput)? in
        graph.types[name].map { (name, OperatorInput(type: $0, constant: constants[name])) }
      }
      guard op.isExpanded(inputs.map { $0?.input }) else {
        kept.append(node)
        continue
      }
      var expansion = Expansion(name: node.name, inputs: inputs)
      do throws(Diagnostic) { try op.expand(inputs.map { $0?.input }, into: &expansion) } catch {
        throw error.located(at: Place(file: graph.file, detail: node.place.detail))
      }
      kept += inlining.inline(expansion.graph, for: node, of: &graph)
      changes += 1
    }
    graph.nodes = kept
    return changes
  }
}
