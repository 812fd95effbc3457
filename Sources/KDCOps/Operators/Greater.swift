import KDCGraph

/// a > b with broadcasting, as bool. ONNX `Greater`, opsets 9, 13.
package struct Greater: Comparison {
  package static let onnxName = "Greater"
  package init() {}

  static func holds<T: Comparable>(_ a: T, _ b: T) -> Bool { a > b }
}

extension Greater: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    try lowerComparison(node, .greater, into: &lowering)
  }
}
