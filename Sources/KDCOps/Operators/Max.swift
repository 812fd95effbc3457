import KDCProgram

/// The largest of one or more inputs, element by element; NaN wins, with broadcasting. ONNX `Max`, opsets 8, 12, 13.
package struct Max: Extreme {
  package static let onnxName = "Max"
  package init() {}
  package static var operation: FloatBinaryStep.Operation { .maximum }

  static func apply<T: ArithmeticNumber>(_ a: T, _ b: T) -> T { a < b || b != b ? b : a }
}
