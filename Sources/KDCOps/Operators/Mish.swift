import Foundation
import KDCProgram

/// x · tanh(log(1 + e^x)). ONNX `Mish`, opset 18.
package struct Mish: PlainUnaryFunction, DifferentiableFunction {
  package static let onnxName = "Mish"
  package init() {}

  package var function: FloatFunction? { FloatFunction(.mish) }
  package func apply(_ x: Float) -> Float { x * FloatMath.tanh(FloatMath.softplus(x)) }
  func derivative(_ x: Float, _ y: Float) -> Float {
    let t = tanh(log1p(exp(min(x, 30))))
    return t + x * (1 - t * t) / (1 + exp(-x))
  }
}
