import KDCGraph

/// a < b with broadcasting, as bool. ONNX `Less`, opsets 9, 13.
package struct Less: Comparison {
  package static let onnxName = "Less"
  package init() {}

  static func holds<T: Comparable>(_ a: T, _ b: T) -> Bool { a < b }
}

extension Less: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    try lowerComparison(node, .less, into: &lowering)
  }
}
