import KDCGraph
import KDCProgram

/// Inverse of the hyperbolic sine. ONNX `Asinh`, opsets 9, 22.
package struct Asinh: PlainUnaryFunction, DifferentiableFunction {
  package static let onnxName = "Asinh"
  package init() {}

  package var quantizationRule: QuantizationRule { .float }
  package var function: FloatFunction? { FloatFunction(.asinh) }
  package func apply(_ x: Float) -> Float { FloatMath.asinh(x) }
  func derivative(_ x: Float, _ y: Float) -> Float { 1 / (x * x + 1).squareRoot() }
}
