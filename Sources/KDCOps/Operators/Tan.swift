import KDCGraph
import KDCProgram

/// Tangent of x radians. ONNX `Tan`, opsets 7, 22.
package struct Tan: PlainUnaryFunction, DifferentiableFunction {
  package static let onnxName = "Tan"
  package init() {}

  package var quantizationRule: QuantizationRule { .float }
  package var function: FloatFunction? { FloatFunction(.tan) }
  package func apply(_ x: Float) -> Float { FloatMath.tan(x) }
  func derivative(_ x: Float, _ y: Float) -> Float { 1 + y * y }
}
