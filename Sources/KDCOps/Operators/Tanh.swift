import KDCGraph
import KDCProgram

/// Hyperbolic tangent. ONNX `Tanh`, opsets 6, 13.
package struct Tanh: PlainUnaryFunction, DifferentiableFunction {
  package static let onnxName = "Tanh"
  package init() {}

  package var function: FloatFunction? { FloatFunction(.tanh) }
  package func apply(_ x: Float) -> Float { FloatMath.tanh(x) }
  func derivative(_ x: Float, _ y: Float) -> Float { 1 - y * y }
}

extension Tanh: OutputJudging {
  package static func outputKind(isVector: Bool) -> OutputKind? { .regression }
}
