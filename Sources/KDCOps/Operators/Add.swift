import KDCDiagnostics
import KDCGraph

/// a + b, with broadcasting. ONNX `Add`, opsets 7, 13, 14. Integers wrap.
package struct Add: BinaryArithmetic, Quantizable {
  package static let onnxName = "Add"
  package init() {}
  package var quantizationRule: QuantizationRule { .integer }

  static func apply<T: ArithmeticNumber>(_ a: T, _ b: T) -> T { a.plus(b) }
}
