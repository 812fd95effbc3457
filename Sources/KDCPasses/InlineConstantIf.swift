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
    var names = Names(graph)
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
      names.nodes.remove(node.name)
      kept += inlined(branch, in: node, of: &graph, &names)
      changes += 1
    }
    graph.nodes = kept
    return changes
  }

  /// The names that are taken.
  private struct Names {
    var values: Set<String>
    var nodes: Set<String>

    init(_ graph: Graph) {
      values = Set(graph.initializers.keys).union(graph.inputs.map(\.name)).union(graph.outputs)
      nodes = Set(graph.nodes.map(\.name))
      add(graph)
    }

    /// Values of graphs in attributes too: a new name must not be one that a branch has for something of its own.
    private mutating func add(_ graph: Graph) {
      for node in graph.nodes {
        values.formUnion(node.outputs + node.inputs)
        for case .graph(let inner) in node.attributes.values {
          values.formUnion(inner.initializers.keys)
          values.formUnion(inner.inputs.map(\.name) + inner.outputs)
          add(inner)
        }
      }
    }

    static func fresh(_ base: String, _ names: inout Set<String>) -> String {
      var name = base
      var number = 1
      while !names.insert(name).inserted {
        name = "\(base)_\(number)"
        number += 1
      }
      return name
    }
  }

  /// The nodes of the branch under names of their own, and an Identity for each output of `node`.
  private static func inlined(_ branch: Graph, in node: Node, of graph: inout Graph, _ names: inout Names) -> [Node] {
    // Names of a branch are its own; they may repeat names outside.
    var renamed: [String: String] = [:]
    for name in branch.initializers.keys.sorted() { renamed[name] = Names.fresh(name, &names.values) }
    for name in branch.nodes.flatMap(\.outputs) where !name.isEmpty {
      renamed[name] = Names.fresh(name, &names.values)
    }
    for (name, tensor) in branch.initializers { graph.initializers[renamed[name] ?? name] = tensor }
    var result: [Node] = []
    for var inner in branch.nodes {
      // By way of names that nothing has: the new name of one value may be the old one of another.
      let own = Set(inner.reads).sorted().compactMap { old in renamed[old].map { (old, $0) } }
      for (at, pair) in own.enumerated() { inner.replaceReads(of: pair.0, with: "\0\(at)") }
      for (at, pair) in own.enumerated() { inner.replaceReads(of: "\0\(at)", with: pair.1) }
      inner.outputs = inner.outputs.map { renamed[$0] ?? $0 }
      inner.name = Names.fresh(inner.name, &names.nodes)
      result.append(inner)
    }
    for (output, inner) in zip(node.outputs, branch.outputs) where !output.isEmpty {
      result.append(
        Node(
          name: Names.fresh(node.name, &names.nodes), opType: "Identity", opset: graph.opset,
          inputs: [renamed[inner] ?? inner], outputs: [output]))
    }
    return result
  }
}

extension Tensor {
  fileprivate var boolean: Bool? {
    guard case .bool(let values) = elements, values.count == 1 else { return nil }
    return values[0]
  }
}
