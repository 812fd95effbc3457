import KDCGraph
import KDCProgram

/// Arc tangent in radians. ONNX `Atan`, opsets 7, 22.
package struct Atan: PlainUnaryFunction, DifferentiableFunction {
  package static let onnxName = "Atan"
  package init() {}

  package var quantizationRule: QuantizationRule { .float }
  package var function: FloatFunction? { FloatFunction(.atan) }
  package func apply(_ x: Float) -> Float { FloatMath.atan(x) }
  func derivative(_ x: Float, _ y: Float) -> Float { 1 / (1 + x * x) }
}
