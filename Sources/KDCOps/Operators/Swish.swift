import Foundation
import KDCDiagnostics
import KDCGraph
import KDCProgram

/// x · sigmoid(alpha·x). ONNX `Swish`, opset 24.
package struct Swish: UnaryFunction, DifferentiableFunction {
  package static let onnxName = "Swish"
  package let alpha: Float

  package init(decoding node: Node) throws(Diagnostic) { alpha = try node.float("alpha", default: 1) }

  package var function: FloatFunction? { alpha == 1 ? FloatFunction(.silu) : FloatFunction(.quickGelu, a: alpha) }
  package func apply(_ x: Float) -> Float { x * FloatMath.sigmoid(alpha * x) }
  func derivative(_ x: Float, _ y: Float) -> Float {
    let s = 1 / (1 + exp(-alpha * x))
    return s + alpha * y * (1 - s)
  }
}
