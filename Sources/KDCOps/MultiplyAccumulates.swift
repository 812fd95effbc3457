import KDCGraph

extension Graph {
  /// Multiply-accumulates of one inference: convolutions, products and recurrences, as their weights are used.
  package var macs: Int { nodes.reduce(0) { $0 + multiplyAccumulates(of: $1) } }

  /// Multiply-accumulates of one node; 0 where its operator has none. Types must have been inferred.
  package func multiplyAccumulates(of node: Node) -> Int {
    guard Operators.type(of: node) is any MultiplyAccumulating.Type,
      let op = (try? Operators.decode(node)) as? any MultiplyAccumulating,
      let output = node.outputs.lazy.compactMap({ types[$0]?.shape }).first
    else { return 0 }
    return op.multiplyAccumulates(
      node.inputs.map { types[$0]?.shape ?? initializers[$0]?.shape }, output: output)
  }

  /// Most bytes of activations alive at one time when each value is stored once, in its type: a bound for comparing
  /// models, not the bundle's arena.
  package var peakActivationBytes: Int { activationPeak(lastUses()).bytes }
}
