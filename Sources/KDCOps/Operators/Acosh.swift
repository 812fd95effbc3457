import KDCGraph
import KDCProgram

/// Inverse of the hyperbolic cosine; NaN below 1. ONNX `Acosh`, opsets 9, 22.
package struct Acosh: PlainUnaryFunction, DifferentiableFunction {
  package static let onnxName = "Acosh"
  package init() {}

  package var quantizationRule: QuantizationRule { .float }
  package var function: FloatFunction? { FloatFunction(.acosh) }
  package func apply(_ x: Float) -> Float { FloatMath.acosh(x) }
  func derivative(_ x: Float, _ y: Float) -> Float { 1 / (x * x - 1).squareRoot() }
}
