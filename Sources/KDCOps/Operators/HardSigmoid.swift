import KDCDiagnostics
import KDCGraph
import KDCProgram

/// clamp(alpha·x + beta, 0, 1). ONNX `HardSigmoid`, opset 6.
package struct HardSigmoid: UnaryFunction, DifferentiableFunction, OutputJudging {
  package static let onnxName = "HardSigmoid"
  package let alpha: Float
  package let beta: Float

  package init(decoding node: Node) throws(Diagnostic) {
    alpha = try node.float("alpha", default: 0.2)
    beta = try node.float("beta", default: 0.5)
  }

  package var function: FloatFunction? { FloatFunction(.hardSigmoid, a: alpha, b: beta) }
  package func apply(_ x: Float) -> Float { FloatMath.clamp(alpha * x + beta, 0, 1) }
  func derivative(_ x: Float, _ y: Float) -> Float { y > 0 && y < 1 ? alpha : 0 }
  package static func outputKind(isVector: Bool) -> OutputKind? { .sigmoid }
}
