import KDCDiagnostics
import KDCGraph
import KDCProgram

/// x ≥ 0 ? x : alpha·(e^x − 1). ONNX `Elu`, opset 6.
package struct Elu: UnaryFunction, DifferentiableFunction {
  package static let onnxName = "Elu"
  package let alpha: Float

  package init(decoding node: Node) throws(Diagnostic) {
    alpha = try node.float("alpha", default: 1)
  }

  package var function: FloatFunction? { FloatFunction(.elu, a: alpha) }
  package func apply(_ x: Float) -> Float { x >= 0 ? x : alpha * FloatMath.expMinusOne(x) }
  func derivative(_ x: Float, _ y: Float) -> Float { x >= 0 ? 1 : y + alpha }
}
