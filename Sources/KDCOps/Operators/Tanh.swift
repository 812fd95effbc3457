import KDCGraph
import KDCProgram

/// Hyperbolic tangent. ONNX `Tanh`, opsets 6, 13.
package struct Tanh: PlainUnaryFunction, DifferentiableFunction, OutputJudging {
  package static let onnxName = "Tanh"
  package init() {}

  package var function: FloatFunction? { FloatFunction(.tanh) }
  package func apply(_ x: Float) -> Float { FloatMath.tanh(x) }
  func derivative(_ x: Float, _ y: Float) -> Float { 1 - y * y }
  package static func outputKind(isVector: Bool) -> OutputKind? { .regression }
}
