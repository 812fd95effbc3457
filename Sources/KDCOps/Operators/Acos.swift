import KDCGraph
import KDCProgram

/// Arc cosine in radians; NaN outside −1...1. ONNX `Acos`, opsets 7, 22.
package struct Acos: PlainUnaryFunction, DifferentiableFunction {
  package static let onnxName = "Acos"
  package init() {}

  package var quantizationRule: QuantizationRule { .float }
  package var function: FloatFunction? { FloatFunction(.acos) }
  package func apply(_ x: Float) -> Float { FloatMath.acos(x) }
  func derivative(_ x: Float, _ y: Float) -> Float { -1 / (1 - x * x).squareRoot() }
}
