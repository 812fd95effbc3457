import KDCProgram
import KDCTensor

/// Running sum along a constant axis. ONNX `CumSum`, opsets 11, 14.
///
/// `exclusive` leaves out the element itself; `reverse` sums from the end.
package struct CumSum: CumulativeOperator {
  package static let onnxName = "CumSum"
  package let isExclusive: Bool
  package let isReversed: Bool

  static var operation: CumulativeStep.Operation { .sum }
  static func combined<T: ArithmeticNumber>(_ result: T, _ x: T) -> T { result.plus(x) }
}
