import KDCGraph
import KDCProgram

/// Arc sine in radians; NaN outside −1...1. ONNX `Asin`, opsets 7, 22.
package struct Asin: PlainUnaryFunction, DifferentiableFunction {
  package static let onnxName = "Asin"
  package init() {}

  package var quantizationRule: QuantizationRule { .float }
  package var function: FloatFunction? { FloatFunction(.asin) }
  package func apply(_ x: Float) -> Float { FloatMath.asin(x) }
  func derivative(_ x: Float, _ y: Float) -> Float { 1 / (1 - x * x).squareRoot() }
}
