import Foundation
import KDCDiagnostics
import KDCGraph
import KDCProgram

/// Gaussian error linear unit, x · Φ(x). ONNX `Gelu`, opset 20.
///
/// `approximate` "none": ½x(1 + erf(x/√2)); "tanh": ½x(1 + tanh(√(2/π)(x + 0.044715x³))).
package struct Gelu: UnaryFunction, DifferentiableFunction {
  package static let onnxName = "Gelu"
  package let usesTanh: Bool

  package init(decoding node: Node) throws(Diagnostic) {
    usesTanh = try node.choice("approximate", default: "none", of: ["none", "tanh"]) == "tanh"
  }

  package var function: FloatFunction? { FloatFunction(usesTanh ? .geluTanh : .gelu) }
  package func apply(_ x: Float) -> Float { FloatFunction(usesTanh ? .geluTanh : .gelu).apply(x) }
  func derivative(_ x: Float, _ y: Float) -> Float {
    guard usesTanh else {
      return 0.5 * (1 + erf(x * 0.70710678)) + x * 0.39894228 * exp(-0.5 * x * x)
    }
    let t = tanh(0.79788456 * (x + 0.044715 * x * x * x))
    return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * 0.79788456 * (1 + 0.134145 * x * x)
  }
}
