import KDCGraph
import KDCProgram

/// Hyperbolic cosine. ONNX `Cosh`, opsets 9, 22.
package struct Cosh: PlainUnaryFunction, DifferentiableFunction {
  package static let onnxName = "Cosh"
  package init() {}

  package var quantizationRule: QuantizationRule { .float }
  package var function: FloatFunction? { FloatFunction(.cosh) }
  package func apply(_ x: Float) -> Float { FloatMath.cosh(x) }
  func derivative(_ x: Float, _ y: Float) -> Float { (x < 0 ? -1 : 1) * (y * y - 1).squareRoot() }
}
