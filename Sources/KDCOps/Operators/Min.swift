import KDCProgram

/// The smallest of one or more inputs, element by element; NaN wins, with broadcasting. ONNX `Min`, opsets 8, 12, 13.
package struct Min: Extreme {
  package static let onnxName = "Min"
  package init() {}
  package static var operation: FloatBinaryStep.Operation { .minimum }

  static func apply<T: ArithmeticNumber>(_ a: T, _ b: T) -> T { b < a || b != b ? b : a }
}
