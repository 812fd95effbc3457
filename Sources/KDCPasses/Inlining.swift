import KDCGraph

/// Puts graphs into the place of nodes: branches, bodies of loops, functions, compositions.
///
/// Names within such a graph are its own; they may repeat names outside. One value of this type serves all nodes of a pass, as
/// it remembers which names are taken.
struct Inlining {
  private var values: Set<String>
  private var nodes: Set<String>

  init(into graph: Graph) {
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

  private static func fresh(_ base: String, _ names: inout Set<String>) -> String {
    var name = base
    var number = 1
    while !names.insert(name).inserted {
      name = "\(base)_\(number)"
      number += 1
    }
    return name
  }

  /// The nodes of `body` under names of their own, and an Identity for each output of `node`, which leaves the graph. Constants
  /// of the body become the graph's. `arguments` are the values that the body's inputs stand for.
  mutating func inline(
    _ body: Graph, for node: Node, of graph: inout Graph, arguments: [String: String] = [:]
  ) -> [Node] {
    nodes.remove(node.name)
    var renamed = arguments
    for name in body.initializers.keys.sorted() { renamed[name] = Self.fresh(name, &values) }
    for name in body.nodes.flatMap(\.outputs) where !name.isEmpty { renamed[name] = Self.fresh(name, &values) }
    for (name, tensor) in body.initializers { graph.initializers[renamed[name] ?? name] = tensor }
    var result: [Node] = []
    for var inner in body.nodes {
      // By way of names that nothing has: the new name of one value may be the old one of another.
      let own = Set(inner.reads).sorted().compactMap { old in renamed[old].map { (old, $0) } }
      for (at, pair) in own.enumerated() { inner.replaceReads(of: pair.0, with: "\0\(at)") }
      for (at, pair) in own.enumerated() { inner.replaceReads(of: "\0\(at)", with: pair.1) }
      inner.outputs = inner.outputs.map { renamed[$0] ?? $0 }
      inner.name = Self.fresh(inner.name, &nodes)
      result.append(inner)
    }
    for (output, inner) in zip(node.outputs, body.outputs) where !output.isEmpty {
      result.append(
        Node(
          name: Self.fresh(node.name, &nodes), opType: "Identity", opset: graph.opset,
          inputs: [renamed[inner] ?? inner], outputs: [output]))
    }
    return result
  }
}
