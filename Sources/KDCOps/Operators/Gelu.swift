import KDCDiagnostics
import KDCGraph
import KDCProgram

/// Gaussian error linear unit, x · Φ(x). ONNX `Gelu`, opset 20.
///
/// `approximate` "none": ½x(1 + erf(x/√2)); "tanh": ½x(1 + tanh(√(2/π)(x + 0.044715x³))).
package struct Gelu: UnaryFunction {
  package static let onnxName = "Gelu"
  package let usesTanh: Bool

  package init(decoding node: Node) throws(Diagnostic) {
    usesTanh = try node.choice("approximate", default: "none", of: ["none", "tanh"]) == "tanh"
  }

  package var function: FloatFunction? { FloatFunction(usesTanh ? .geluTanh : .gelu) }
  package func apply(_ x: Float) -> Float { FloatFunction(usesTanh ? .geluTanh : .gelu).apply(x) }
}
