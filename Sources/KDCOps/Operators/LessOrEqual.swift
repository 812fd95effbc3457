import KDCProgram

/// a ≤ b with broadcasting, as bool. ONNX `LessOrEqual`, opsets 12, 16.
package struct LessOrEqual: Comparison {
  package static let onnxName = "LessOrEqual"
  package init() {}
  package static var operation: CompareStep.Operation { .lessOrEqual }

  static func holds<T: Comparable>(_ a: T, _ b: T) -> Bool { a <= b }
}
