import KDCGraph

extension Graph {
  /// Multiply-accumulates of one inference: convolutions, products and recurrences, as their weights are used.
  package var macs: Int { nodes.reduce(0) { $0 + multiplyAccumulates(of: $1) } }

  /// Multiply-accumulates of one node; 0 where its operator has none. Types must have been inferred.
  package func multiplyAccumulates(of node: Node) -> Int {
    guard Operators.type(of: node) is any MultiplyAccumulating.Type,
      let op = (try? Operators.decode(node)) as? any MultiplyAccumulating,
      let output = node.outputs.first.flatMap({ types[$0]?.shape })
    else { return 0 }
    return op.multiplyAccumulates(
      node.inputs.map { types[$0]?.shape ?? initializers[$0]?.shape }, output: output)
  }

  /// Most bytes of activations alive at one time when the nodes run in order and each value is stored once, in its
  /// type: a bound for comparing models, not the bundle's arena.
  package var peakActivationBytes: Int { activationPeak.bytes }

  /// The same with the index of the node where it is reached; nil: before the first.
  var activationPeak: (bytes: Int, node: Int?) {
    var lastUse: [String: Int] = [:]
    for (index, node) in nodes.enumerated() { for name in node.reads { lastUse[name] = index } }
    for name in outputs { lastUse[name] = nodes.count }
    var live = inputs.reduce(0) { $0 + $1.type.byteCount }
    var peak: (bytes: Int, node: Int?) = (live, nil)
    var dying: [Int: [String]] = [:]
    for (name, index) in lastUse where initializers[name] == nil { dying[index, default: []].append(name) }
    for (index, node) in nodes.enumerated() {
      live += node.outputs.reduce(0) { $0 + (types[$1]?.byteCount ?? 0) }
      if live > peak.bytes { peak = (live, index) }
      for name in dying[index] ?? [] { live -= types[name]?.byteCount ?? 0 }
      for name in node.outputs where lastUse[name] == nil { live -= types[name]?.byteCount ?? 0 }
    }
    return peak
  }
}
