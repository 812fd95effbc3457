import KDCDiagnostics
import KDCGraph
import KDCTensor

extension Graph {
  /// The nodes through which an output depends on `values` by float numbers and that have no gradient, in order.
  ///
  /// `values` are initializers or graph inputs; where `types` knows a value to be of integers or bool, no gradient would
  /// pass it anyway. Throws KDC2010 and what else decoding throws.
  package func nodesWithoutGradient(from values: Set<String>) throws(Diagnostic) -> [Node] {
    func isFloat(_ name: String) -> Bool {
      guard let type = types[name]?.dataType ?? initializers[name]?.dataType else { return true }
      return type.isFloat
    }
    var needed = Set(outputs)
    for node in nodes.reversed() where node.outputs.contains(where: needed.contains) { needed.formUnion(node.inputs) }
    var reached = values
    var result: [Node] = []
    for node in nodes where node.inputs.contains(where: { !$0.isEmpty && reached.contains($0) && isFloat($0) }) {
      let kept = node.outputs.filter { !$0.isEmpty && needed.contains($0) && isFloat($0) }
      guard !kept.isEmpty else { continue }
      reached.formUnion(kept)
      if try !(Operators.decode(node) is any Differentiable) { result.append(node) }
    }
    return result
  }
}
