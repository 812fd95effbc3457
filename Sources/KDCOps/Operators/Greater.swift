import KDCProgram

/// a > b with broadcasting, as bool. ONNX `Greater`, opsets 9, 13.
package struct Greater: Comparison {
  package static let onnxName = "Greater"
  package init() {}
  package static var operation: CompareStep.Operation { .greater }

  static func holds<T: Comparable>(_ a: T, _ b: T) -> Bool { a > b }
}
