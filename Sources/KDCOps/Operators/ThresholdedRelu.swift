import KDCDiagnostics
import KDCGraph
import KDCProgram

/// x > alpha ? x : 0. ONNX `ThresholdedRelu`, opsets 10, 22.
package struct ThresholdedRelu: UnaryFunction, DifferentiableFunction {
  package static let onnxName = "ThresholdedRelu"
  package let alpha: Float

  package init(decoding node: Node) throws(Diagnostic) { alpha = try node.float("alpha", default: 1) }

  package var quantizationRule: QuantizationRule { .float }
  package var function: FloatFunction? { FloatFunction(.thresholdedRelu, a: alpha) }
  package func apply(_ x: Float) -> Float { x <= alpha ? 0 : x }
  func derivative(_ x: Float, _ y: Float) -> Float { x > alpha ? 1 : 0 }
}
