/// Who makes and who reads each value, by index in `Graph.nodes`. Valid until the graph is edited.
package struct ValueUses: Sendable {
  package var producers: [String: Int] = [:]
  /// Each reading node once per operand, in order of the nodes; readers inside graph attributes count too.
  package var consumers: [String: [Int]] = [:]
  package var outputs: Set<String> = []

  /// The one node that reads `value`, where nothing else does and it is no graph output.
  package func onlyConsumer(of value: String) -> Int? {
    guard !outputs.contains(value), let readers = consumers[value], readers.count == 1 else { return nil }
    return readers[0]
  }

  package init(_ graph: Graph) {
    outputs = Set(graph.outputs)
    for (index, node) in graph.nodes.enumerated() {
      for output in node.outputs where !output.isEmpty { producers[output] = index }
      for read in node.reads { consumers[read, default: []].append(index) }
    }
  }

  /// The entries of one node more.
  mutating func add(_ node: Node, at index: Int) {
    for output in node.outputs where !output.isEmpty { producers[output] = index }
    for read in node.reads {
      var readers = consumers.removeValue(forKey: read) ?? []
      readers.insert(index, at: Self.place(of: index, in: readers))
      consumers[read] = readers
    }
  }

  /// The entries of one node less.
  mutating func remove(_ node: Node, at index: Int) {
    for output in node.outputs where producers[output] == index { producers[output] = nil }
    for read in node.reads {
      guard var readers = consumers.removeValue(forKey: read) else { continue }
      let place = Self.place(of: index, in: readers)
      if place < readers.count, readers[place] == index { readers.remove(at: place) }
      if !readers.isEmpty { consumers[read] = readers }
    }
  }

  /// The first place of `index`, or where it belongs, in ascending `readers`.
  private static func place(of index: Int, in readers: [Int]) -> Int {
    var (low, high) = (0, readers.count)
    while low < high {
      let middle = (low + high) / 2
      if readers[middle] < index { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
