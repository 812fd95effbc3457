import KDCGraph
import KDCProgram

/// Inverse of the hyperbolic tangent; NaN outside −1...1. ONNX `Atanh`, opsets 9, 22.
package struct Atanh: PlainUnaryFunction, DifferentiableFunction {
  package static let onnxName = "Atanh"
  package init() {}

  package var quantizationRule: QuantizationRule { .float }
  package var function: FloatFunction? { FloatFunction(.atanh) }
  package func apply(_ x: Float) -> Float { FloatMath.atanh(x) }
  func derivative(_ x: Float, _ y: Float) -> Float { 1 / (1 - x * x) }
}
