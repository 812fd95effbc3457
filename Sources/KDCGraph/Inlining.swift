/// Puts graphs into the place of nodes: branches, bodies of loops, functions, compositions.
///
/// Names within such a graph are its own; they may repeat names outside. One value of this type serves all nodes of a pass, as
/// it remembers which names are taken.
package struct Inlining {
  private var values: Set<String>
  private var nodes: Set<String>
  /// The last number that was tried for a name: rounds of a loop ask for the same names again and again.
  private var numbers: [String: Int] = [:]

  package init(into graph: Graph) {
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

  private static func fresh(_ base: String, _ names: inout Set<String>, _ numbers: inout [String: Int]) -> String {
    if names.insert(base).inserted { return base }
    var number = numbers[base, default: 0]
    var name: String
    repeat {
      number += 1
      name = "\(base)_\(number)"
    } while !names.insert(name).inserted
    numbers[base] = number
    return name
  }

  /// A name for a value that nothing has yet, made from `base`.
  package mutating func freshValue(_ base: String) -> String { Self.fresh(base, &values, &numbers) }

  /// A name for a node that nothing has yet, made from `base`.
  package mutating func freshNode(_ base: String) -> String { Self.fresh(base, &nodes, &numbers) }

  /// The nodes of `body` under names of their own, and an Identity for each output of `node`, which leaves the graph. Constants
  /// of the body become the graph's. `arguments` are the values that the body's inputs stand for.
  package mutating func inline(
    _ body: Graph, for node: Node, of graph: inout Graph, arguments: [String: String] = [:]
  ) -> [Node] {
    nodes.remove(node.name)
    var (result, outputs) = insert(body, into: &graph, arguments: arguments)
    for (output, inner) in zip(node.outputs, outputs) where !output.isEmpty {
      result.append(identity(of: inner, as: output, for: node, in: graph))
    }
    return result
  }

  /// A node that gives a value another name.
  package mutating func identity(of value: String, as name: String, for node: Node, in graph: Graph) -> Node {
    Node(
      name: freshNode(node.name), opType: "Identity", opset: graph.opset, inputs: [value], outputs: [name])
  }

  /// The nodes of `body` and the names of its outputs, all under names that the graph does not have. Constants of the body
  /// become the graph's.
  package mutating func insert(
    _ body: Graph, into graph: inout Graph, arguments: [String: String] = [:]
  ) -> (nodes: [Node], outputs: [String]) {
    var renamed = arguments
    for name in body.initializers.keys.sorted() { renamed[name] = freshValue(name) }
    for name in body.nodes.flatMap(\.outputs) where !name.isEmpty { renamed[name] = freshValue(name) }
    for (name, tensor) in body.initializers { graph.initializers[renamed[name] ?? name] = tensor }
    let result = body.nodes.map { node in
      var inner = node
      // By way of names that nothing has: the new name of one value may be the old one of another.
      let own = Set(inner.reads).sorted().compactMap { old in renamed[old].map { (old, $0) } }
      for (at, pair) in own.enumerated() { inner.replaceReads(of: pair.0, with: "\0\(at)") }
      for (at, pair) in own.enumerated() { inner.replaceReads(of: "\0\(at)", with: pair.1) }
      inner.outputs = inner.outputs.map { renamed[$0] ?? $0 }
      inner.name = freshNode(inner.name)
      return inner
    }
    return (result, body.outputs.map { renamed[$0] ?? $0 })
  }
}
