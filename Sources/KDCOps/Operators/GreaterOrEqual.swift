import KDCGraph

/// a ≥ b with broadcasting, as bool. ONNX `GreaterOrEqual`, opsets 12, 16.
package struct GreaterOrEqual: Comparison {
  package static let onnxName = "GreaterOrEqual"
  package init() {}

  static func holds<T: Comparable>(_ a: T, _ b: T) -> Bool { a >= b }
}

extension GreaterOrEqual: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    try lowerComparison(node, .greaterOrEqual, into: &lowering)
  }
}
