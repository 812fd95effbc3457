/// What a graph knows of itself while it is rewritten node by node: kept up to date by the edits of `Edit.swift`, so that an
/// edit costs what it touches and not the size of the graph.
struct GraphIndex: Sendable {
  var uses: ValueUses
  /// Names of nodes, those that have been removed included.
  var nodeNames: Set<String>
  var inputNames: Set<String>

  init(_ graph: Graph) {
    uses = ValueUses(graph)
    nodeNames = Set(graph.nodes.map(\.name))
    inputNames = Set(graph.inputs.map(\.name))
  }
}

extension Graph {
  /// Calls `rewrite` with the index of every node until none changes anything; returns the number of changes.
  ///
  /// After a change the node before is tried again, since it may have a new neighbour. Nodes keep their indices meanwhile: a
  /// removed one is empty (`Node.isRemoved`) until the end. `rewrite` edits by the functions of `Edit.swift`; an assignment to
  /// `nodes` is right too, but makes the index anew.
  package mutating func rewriteNodes(_ rewrite: (inout Graph, Int) throws -> Bool) rethrows -> Int {
    defer {
      index = nil
      if nodes.contains(where: \.isRemoved) { nodes.removeAll(where: \.isRemoved) }
    }
    var changes = 0
    var current = 0
    // The nodes before the current one, nearest last, removed ones among them.
    var visited: [Int] = []
    while current < nodes.count {
      if nodes[current].isRemoved {
        current += 1
        continue
      }
      if index == nil { index = GraphIndex(self) }
      guard try rewrite(&self, current) else {
        visited.append(current)
        current += 1
        continue
      }
      changes += 1
      if index == nil {
        visited = []
        current = max(0, current - 1)
      } else if let before = visited.popLast() {
        current = before
      }
    }
    return changes
  }

  /// Replaces each node by the nodes `replace` gives, nil to keep it; returns the number of nodes replaced.
  package mutating func replaceNodes(_ replace: (inout Graph, Node) throws -> [Node]?) rethrows -> Int {
    let old = nodes
    var kept: [Node] = []
    var changes = 0
    index = GraphIndex(self)
    defer { index = nil }
    for node in old {
      guard let new = try replace(&self, node) else {
        kept.append(node)
        continue
      }
      kept += new
      for node in new {
        index?.nodeNames.insert(node.name)
        // Indices mean nothing here: the names are what later fresh ones must differ from.
        for output in node.outputs where !output.isEmpty { index?.uses.producers[output] = 0 }
      }
      changes += 1
    }
    nodes = kept
    return changes
  }

  /// Changes one node in place.
  package mutating func editNode(at place: Int, _ edit: (inout Node) -> Void) {
    // Taken out of the graph, so that nothing is copied and the assignment does not drop it.
    var kept = index
    index = nil
    kept?.uses.remove(nodes[place], at: place)
    edit(&nodes[place])
    kept?.uses.add(nodes[place], at: place)
    kept?.nodeNames.insert(nodes[place].name)
    index = kept
  }

  /// Removes one node: at once, or at the end of `rewriteNodes`.
  package mutating func removeNode(at place: Int) {
    guard index != nil else {
      nodes.remove(at: place)
      return
    }
    editNode(at: place) { $0 = Node.removed }
  }
}

extension Node {
  fileprivate static let removed = Node(name: "", opType: "", opset: 0, inputs: [], outputs: [])

  /// The empty place of a node that `rewriteNodes` has yet to close.
  var isRemoved: Bool { opType.isEmpty && name.isEmpty && inputs.isEmpty && outputs.isEmpty && attributes.isEmpty }
}
