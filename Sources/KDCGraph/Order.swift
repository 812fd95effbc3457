/// Topological order of the nodes, and what a node reads.
extension Node {
  /// Names of all values the node reads: its inputs, and what its graph attributes take from the graphs around them.
  package var reads: [String] {
    var result = inputs.filter { !$0.isEmpty }
    for key in attributes.keys.sorted() {
      if case .graph(let graph)? = attributes[key] { result += graph.outerReads }
    }
    return result
  }

  /// Whether the node has graph attributes (If, Loop, Scan).
  package var hasSubgraph: Bool {
    attributes.values.contains { if case .graph = $0 { true } else { false } }
  }

  /// The node in words for diagnostics: "node 'up2' (Resize, opset 13), output 'up2_out'".
  package var label: String {
    let kind = domain.isEmpty ? opType : "\(domain).\(opType)"
    let output = outputs.first(where: { !$0.isEmpty }).map { ", output '\($0)'" } ?? ""
    return "node '\(name)' (\(kind), opset \(opset))\(output)"
  }
}

extension Graph {
  /// Values a graph attribute reads from the graphs around it, each once, in order of use.
  package var outerReads: [String] {
    var own = Set(inputs.map(\.name)).union(initializers.keys)
    for node in nodes { own.formUnion(node.outputs) }
    var seen: Set<String> = []
    return (nodes.flatMap(\.reads) + outputs).filter { !own.contains($0) && seen.insert($0).inserted }
  }

  /// Puts the nodes into topological order. Nodes of a cycle, and those behind it, stay at the end in their old order.
  package mutating func sortIfNeeded() {
    var producers: [String: Int] = [:]
    for (index, node) in nodes.enumerated() {
      for output in node.outputs where !output.isEmpty { producers[output] = index }
    }
    var consumers = [[Int]](repeating: [], count: nodes.count)
    var missing = [Int](repeating: 0, count: nodes.count)
    var isSorted = true
    for (index, node) in nodes.enumerated() {
      for producer in Set(node.reads.compactMap { producers[$0] }).sorted() {
        consumers[producer].append(index)
        missing[index] += 1
        if producer >= index { isSorted = false }
      }
    }
    guard !isSorted else { return }
    var order = nodes.indices.filter { missing[$0] == 0 }
    var next = 0
    while next < order.count {
      for consumer in consumers[order[next]] {
        missing[consumer] -= 1
        if missing[consumer] == 0 { order.append(consumer) }
      }
      next += 1
    }
    let placed = Set(order)
    nodes = (order + nodes.indices.filter { !placed.contains($0) }).map { nodes[$0] }
  }

  /// Names of the nodes of one cycle in order, or nil where there is none.
  package func findCycle() -> [String]? {
    var producers: [String: Int] = [:]
    for (index, node) in nodes.enumerated() {
      for output in node.outputs where !output.isEmpty { producers[output] = index }
    }
    // 0 unseen, 1 on the path, 2 done; the path is explicit so that a deep graph cannot exhaust the stack.
    var state = [UInt8](repeating: 0, count: nodes.count)
    for root in nodes.indices where state[root] == 0 {
      var path: [(node: Int, producers: [Int], next: Int)] = []
      func frame(_ index: Int) -> (Int, [Int], Int) { (index, nodes[index].reads.compactMap { producers[$0] }, 0) }
      path.append(frame(root))
      state[root] = 1
      while let top = path.last {
        guard top.next < top.producers.count else {
          state[top.node] = 2
          path.removeLast()
          continue
        }
        path[path.count - 1].next += 1
        let producer = top.producers[top.next]
        if state[producer] == 1 {
          let cycle = path.drop { $0.node != producer }.map { nodes[$0.node].name }
          return cycle.reversed()
        }
        if state[producer] == 0 {
          state[producer] = 1
          path.append(frame(producer))
        }
      }
    }
    return nil
  }
}
