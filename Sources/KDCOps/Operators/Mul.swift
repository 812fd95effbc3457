import KDCDiagnostics
import KDCGraph

/// a · b, with broadcasting. ONNX `Mul`, opsets 7, 13, 14. Integers wrap.
package struct Mul: BinaryArithmetic, Quantizable {
  package static let onnxName = "Mul"
  package init() {}
  package var quantizationRule: QuantizationRule { .integer }

  static func apply<T: ArithmeticNumber>(_ a: T, _ b: T) -> T { a.times(b) }
}
