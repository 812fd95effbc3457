import KDCProgram

/// a ≥ b with broadcasting, as bool. ONNX `GreaterOrEqual`, opsets 12, 16.
package struct GreaterOrEqual: Comparison {
  package static let onnxName = "GreaterOrEqual"
  package init() {}
  package static var operation: CompareStep.Operation { .greaterOrEqual }

  static func holds<T: Comparable>(_ a: T, _ b: T) -> Bool { a >= b }
}
