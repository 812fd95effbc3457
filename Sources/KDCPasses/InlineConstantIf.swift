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
    // A branch may hold further Ifs, and may be what makes the next condition constant.
    while graph.nodes.contains(where: { $0.isStandard("If") }) {
      let constants = graph.inferKnownTypes().constants
      let found = graph.nodes.firstIndex { node in
        guard node.isStandard("If"), let condition = node.input(0) else { return false }
        return (graph.initializers[condition] ?? constants[condition])?.boolean != nil
      }
      guard let index = found, let condition = graph.nodes[index].input(0),
        let taken = (graph.initializers[condition] ?? constants[condition])?.boolean,
        case .graph(let branch)? = graph.nodes[index].attributes[taken ? "then_branch" : "else_branch"],
        branch.outputs.count >= graph.nodes[index].outputs.count
      else { break }
      inline(branch, at: index, of: &graph)
      changes += 1
    }
    return changes
  }

  private static func inline(_ branch: Graph, at index: Int, of graph: inout Graph) {
    let node = graph.nodes.remove(at: index)
    var taken = Set(graph.initializers.keys).union(graph.inputs.map(\.name)).union(graph.outputs)
    for other in graph.nodes { taken.formUnion(other.outputs + other.reads) }
    taken.formUnion(node.outputs)
    var nodeNames = Set(graph.nodes.map(\.name))
    func fresh(_ base: String, _ names: inout Set<String>) -> String {
      var name = base
      var number = 1
      while !names.insert(name).inserted {
        name = "\(base)_\(number)"
        number += 1
      }
      return name
    }
    // Names of a branch are its own; they may repeat names outside.
    var renamed: [String: String] = [:]
    for name in branch.initializers.keys.sorted() { renamed[name] = fresh(name, &taken) }
    for name in branch.nodes.flatMap(\.outputs) where !name.isEmpty { renamed[name] = fresh(name, &taken) }
    for (name, tensor) in branch.initializers { graph.initializers[renamed[name] ?? name] = tensor }
    var inlined: [Node] = []
    for var inner in branch.nodes {
      let own = renamed.filter { inner.reads.contains($0.key) }
      for (old, new) in own.sorted(by: { $0.key < $1.key }) where old != new { inner.replaceReads(of: old, with: new) }
      inner.outputs = inner.outputs.map { renamed[$0] ?? $0 }
      inner.name = fresh(inner.name, &nodeNames)
      inlined.append(inner)
    }
    for (output, inner) in zip(node.outputs, branch.outputs) where !output.isEmpty {
      inlined.append(
        Node(
          name: fresh(node.name, &nodeNames), opType: "Identity", opset: graph.opset,
          inputs: [renamed[inner] ?? inner], outputs: [output]))
    }
    graph.nodes.insert(contentsOf: inlined, at: index)
  }
}

extension Tensor {
  fileprivate var boolean: Bool? {
    guard case .bool(let values) = elements, values.count == 1 else { return nil }
    return values[0]
  }
}
