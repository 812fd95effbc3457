import KDCTensor

/// How long values live when the nodes run in order.
extension Graph {
  /// For each node, the values, initializers apart, that no later node reads and that are no outputs of the graph: what a
  /// run can let go of then. `more` are values that nodes read besides, by the nodes' indices.
  package func lastUses(reading more: [Int: [String]] = [:]) -> [[String]] {
    var lastUses = [[String]](repeating: [], count: nodes.count)
    var seen = Set(outputs).union(initializers.keys).union([""])
    for (index, node) in nodes.enumerated().reversed() {
      for name in node.reads + node.outputs + (more[index] ?? []) where seen.insert(name).inserted {
        lastUses[index].append(name)
      }
    }
    return lastUses
  }

  /// Most bytes of activations alive at one time when each value is stored once, in its type, and is let go of as
  /// `lastUses` says; with the index of the node where it is reached, nil: before the first.
  package func activationPeak(_ lastUses: [[String]]) -> (bytes: Int, node: Int?) {
    var live = inputs.reduce(0) { $0 + $1.type.byteCount }
    var peak: (bytes: Int, node: Int?) = (live, nil)
    for (index, node) in nodes.enumerated() {
      live += node.outputs.reduce(0) { $0 + (types[$1]?.byteCount ?? 0) }
      if live > peak.bytes { peak = (live, index) }
      live -= lastUses[index].reduce(0) { $0 + (types[$1]?.byteCount ?? 0) }
    }
    return peak
  }
}
