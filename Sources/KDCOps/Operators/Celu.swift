import KDCDiagnostics
import KDCGraph
import KDCProgram

/// max(0, x) + min(0, alpha·(e^(x/alpha) − 1)). ONNX `Celu`, opset 12.
///
/// alpha must be positive: for a negative one the function is another.
package struct Celu: UnaryFunction, DifferentiableFunction {
  package static let onnxName = "Celu"
  package let alpha: Float

  package init(decoding node: Node) throws(Diagnostic) {
    alpha = try node.float("alpha", default: 1)
    guard alpha > 0 else { throw node.unsupported("'Celu' with alpha \(alpha)", notes: ["it must be positive"]) }
  }

  package var function: FloatFunction? { FloatFunction(.celu, a: alpha) }
  package func apply(_ x: Float) -> Float { x >= 0 ? x : alpha * FloatMath.expMinusOne(x / alpha) }
  func derivative(_ x: Float, _ y: Float) -> Float { x >= 0 ? 1 : y / alpha + 1 }
}
