import KDCProgram

/// a == b with broadcasting, as bool. ONNX `Equal`, opsets 7, 11, 13, 19.
package struct Equal: Comparison {
  package static let onnxName = "Equal"
  package init() {}
  package static var operation: CompareStep.Operation { .equal }
  package static var allowsBool: Bool { true }

  static func holds<T: Comparable>(_ a: T, _ b: T) -> Bool { a == b }
}
