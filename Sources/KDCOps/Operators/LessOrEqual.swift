import KDCGraph

/// a ≤ b with broadcasting, as bool. ONNX `LessOrEqual`, opsets 12, 16.
package struct LessOrEqual: Comparison {
  package static let onnxName = "LessOrEqual"
  package init() {}

  static func holds<T: Comparable>(_ a: T, _ b: T) -> Bool { a <= b }
}

extension LessOrEqual: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    try lowerComparison(node, .lessOrEqual, into: &lowering)
  }
}
