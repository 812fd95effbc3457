import KDCDiagnostics
import KDCGraph

/// a − b, with broadcasting. ONNX `Sub`, opsets 7, 13, 14. Integers wrap.
package struct Sub: BinaryArithmetic, Quantizable {
  package static let onnxName = "Sub"
  package init() {}
  package var quantizationRule: QuantizationRule { .integer }

  static func apply<T: ArithmeticNumber>(_ a: T, _ b: T) -> T { a.minus(b) }
}
