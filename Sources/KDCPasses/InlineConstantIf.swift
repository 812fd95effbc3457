import KDCGraph
import KDCOps
import KDCTensor

/// Replaces an If whose condition is known when compiling by the nodes of the branch that is taken.
///
/// Exporters write an If around shapes that are static after all; ONNX operators in the other branch may then be
/// unsupported without harm.
package enum InlineConstantIf: GraphPass {
  package static let name = "inline constant If"

  package static func run(on graph: inout Graph) throws -> Int {
    var changes = 0
    // A branch may hold further Ifs, and may be what makes the next condition constant: a round for each depth.
    while graph.nodes.contains(where: { $0.isStandard("If") }) {
      let constants = graph.inferKnownTypes().constants
      let found = inlineAll(of: &graph, constants)
      if found == 0 { break }
      changes += found
    }
    return changes
  }

  /// Inlines every If whose condition is known; returns how many.
  private static func inlineAll(of graph: inout Graph, _ constants: [String: Tensor]) -> Int {
    var inlining = Inlining(into: graph)
    var kept: [Node] = []
    var changes = 0
    for node in graph.nodes {
      guard node.isStandard("If"), let condition = node.input(0),
        let taken = (graph.initializers[condition] ?? constants[condition])?.boolean,
        case .graph(let branch)? = node.attributes[taken ? "then_branch" : "else_branch"],
        branch.outputs.count >= node.outputs.count
      else {
        kept.append(node)
        continue
      }
      kept += inlining.inline(branch, for: node, of: &graph)
      changes += 1
    }
    graph.nodes = kept
    return changes
  }
}

extension Tensor {
  fileprivate var boolean: Bool? {
    guard case .bool(let values) = elements, values.count == 1 else { return nil }
    return values[0]
  }
}
