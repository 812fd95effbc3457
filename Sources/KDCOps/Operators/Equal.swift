import KDCGraph

/// a == b with broadcasting, as bool. ONNX `Equal`, opsets 7, 11, 13, 19.
package struct Equal: Comparison {
  package static let onnxName = "Equal"
  package init() {}
  package static var allowsBool: Bool { true }

  static func holds<T: Comparable>(_ a: T, _ b: T) -> Bool { a == b }
}

extension Equal: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    try lowerComparison(node, .equal, into: &lowering)
  }
}
