import KDCDiagnostics
import KDCGraph

/// The sum of one or more inputs, with broadcasting. ONNX `Sum`, opsets 8, 13. Integers wrap.
package struct Sum: BinaryArithmetic {
  package static let onnxName = "Sum"
  package init() {}
  package static var isVariadic: Bool { true }

  static func apply<T: ArithmeticNumber>(_ a: T, _ b: T) -> T { a.plus(b) }
}
