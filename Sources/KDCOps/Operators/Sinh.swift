import KDCGraph
import KDCProgram

/// Hyperbolic sine. ONNX `Sinh`, opsets 9, 22.
package struct Sinh: PlainUnaryFunction, DifferentiableFunction {
  package static let onnxName = "Sinh"
  package init() {}

  package var quantizationRule: QuantizationRule { .float }
  package var function: FloatFunction? { FloatFunction(.sinh) }
  package func apply(_ x: Float) -> Float { FloatMath.sinh(x) }
  func derivative(_ x: Float, _ y: Float) -> Float { (1 + y * y).squareRoot() }
}
