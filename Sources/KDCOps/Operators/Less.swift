import KDCProgram

/// a < b with broadcasting, as bool. ONNX `Less`, opsets 9, 13.
package struct Less: Comparison {
  package static let onnxName = "Less"
  package init() {}
  package static var operation: CompareStep.Operation { .less }

  static func holds<T: Comparable>(_ a: T, _ b: T) -> Bool { a < b }
}
