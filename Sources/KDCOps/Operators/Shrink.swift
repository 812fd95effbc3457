import KDCDiagnostics
import KDCGraph
import KDCProgram

/// 0 for |x| ≤ lambd, x + bias below and x − bias above. ONNX `Shrink`, opset 9.
package struct Shrink: UnaryFunction, DifferentiableFunction {
  package static let onnxName = "Shrink"
  package let threshold: Float
  package let bias: Float

  package init(decoding node: Node) throws(Diagnostic) {
    threshold = try node.float("lambd", default: 0.5)
    bias = try node.float("bias", default: 0)
  }

  package var quantizationRule: QuantizationRule { .float }
  package var function: FloatFunction? { FloatFunction(.shrink, a: threshold, b: bias) }
  package func apply(_ x: Float) -> Float { FloatFunction(.shrink, a: threshold, b: bias).apply(x) }
  func derivative(_ x: Float, _ y: Float) -> Float { x < -threshold || x > threshold ? 1 : 0 }
}
