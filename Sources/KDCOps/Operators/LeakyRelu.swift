import KDCDiagnostics
import KDCGraph
import KDCProgram

/// x < 0 ? alpha·x : x. ONNX `LeakyRelu`, opsets 6, 16.
package struct LeakyRelu: UnaryFunction, DifferentiableFunction, UnaryScalePassing {
  package static let onnxName = "LeakyRelu"
  package let alpha: Float

  package init(decoding node: Node) throws(Diagnostic) {
    alpha = try node.float("alpha", default: 0.01)
  }

  package var function: FloatFunction? { FloatFunction(.leakyRelu, a: alpha) }
  package func apply(_ x: Float) -> Float { x < 0 ? alpha * x : x }
  func derivative(_ x: Float, _ y: Float) -> Float { x < 0 ? alpha : 1 }
  package var precision: PrecisionFlow { .elementwise(0...0) }
}
