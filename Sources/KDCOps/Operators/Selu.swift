import KDCDiagnostics
import KDCGraph
import KDCProgram

/// gamma · (x > 0 ? x : alpha·(e^x − 1)). ONNX `Selu`, opset 6.
package struct Selu: UnaryFunction {
  package static let onnxName = "Selu"
  package let alpha: Float
  package let gamma: Float

  package init(decoding node: Node) throws(Diagnostic) {
    alpha = try node.float("alpha", default: 1.673_263_2)
    gamma = try node.float("gamma", default: 1.050_701)
  }

  package var function: FloatFunction? { nil }
  package func apply(_ x: Float) -> Float { gamma * (x >= 0 ? x : alpha * FloatMath.expMinusOne(x)) }
}
