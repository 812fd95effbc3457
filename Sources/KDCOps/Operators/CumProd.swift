import KDCProgram
import KDCTensor

/// Running product along a constant axis. ONNX `CumProd`, opset 26.
///
/// `exclusive` leaves out the element itself; `reverse` multiplies from the end.
package struct CumProd: CumulativeOperator {
  package static let onnxName = "CumProd"
  package let isExclusive: Bool
  package let isReversed: Bool

  static var operation: CumulativeStep.Operation { .product }
  static func combined<T: ArithmeticNumber>(_ result: T, _ x: T) -> T { result.times(x) }
}
