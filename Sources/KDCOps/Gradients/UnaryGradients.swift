import Foundation
import KDCDiagnostics
import KDCTensor

/// A function of one input whose derivative follows from x and y = f(x). At a kink it is one of the two sides'.
protocol DifferentiableFunction: UnaryFunction, Differentiable {
  func derivative(_ x: Float, _ y: Float) -> Float
}

extension DifferentiableFunction {
  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    guard wanted.at(0), let gradient = try outputGradients.gradient(), let x = try inputs.required(0).floats,
      let y = outputs.first?.floats
    else { return .none(inputs.count) }
    let values = [Float](count: x.count) { result in
      x.withPointer { x in
        y.withPointer { y in
          gradient.withPointer { gradient in
            for i in 0..<outputs[0].count { result[i] = gradient[i] * derivative(x[i], y[i]) }
          }
        }
      }
    }
    return [Tensor(outputs[0].shape, values)]
  }
}

extension Abs: DifferentiableFunction {
  func derivative(_ x: Float, _ y: Float) -> Float { x > 0 ? 1 : x < 0 ? -1 : 0 }
}

extension Elu: DifferentiableFunction {
  func derivative(_ x: Float, _ y: Float) -> Float { x >= 0 ? 1 : y + alpha }
}

extension Erf: DifferentiableFunction {
  func derivative(_ x: Float, _ y: Float) -> Float { 1.1283792 * exp(-x * x) }
}

extension Exp: DifferentiableFunction {
  func derivative(_ x: Float, _ y: Float) -> Float { y }
}

extension Gelu: DifferentiableFunction {
  func derivative(_ x: Float, _ y: Float) -> Float {
    guard usesTanh else {
      return 0.5 * (1 + erf(x * 0.70710678)) + x * 0.39894228 * exp(-0.5 * x * x)
    }
    let t = tanh(0.79788456 * (x + 0.044715 * x * x * x))
    return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * 0.79788456 * (1 + 0.134145 * x * x)
  }
}

extension HardSigmoid: DifferentiableFunction {
  func derivative(_ x: Float, _ y: Float) -> Float { y > 0 && y < 1 ? alpha : 0 }
}

extension HardSwish: DifferentiableFunction {
  func derivative(_ x: Float, _ y: Float) -> Float { x <= -3 ? 0 : x >= 3 ? 1 : x * (1 / 3) + 0.5 }
}

extension LeakyRelu: DifferentiableFunction {
  func derivative(_ x: Float, _ y: Float) -> Float { x < 0 ? alpha : 1 }
}

extension Log: DifferentiableFunction {
  func derivative(_ x: Float, _ y: Float) -> Float { 1 / x }
}

extension Mish: DifferentiableFunction {
  func derivative(_ x: Float, _ y: Float) -> Float {
    let t = tanh(log1p(exp(min(x, 30))))
    return t + x * (1 - t * t) / (1 + exp(-x))
  }
}

extension Neg: DifferentiableFunction {
  func derivative(_ x: Float, _ y: Float) -> Float { -1 }
}

extension QuickGelu: DifferentiableFunction {
  func derivative(_ x: Float, _ y: Float) -> Float {
    let s = 1 / (1 + exp(-alpha * x))
    return s + alpha * y * (1 - s)
  }
}

extension Reciprocal: DifferentiableFunction {
  func derivative(_ x: Float, _ y: Float) -> Float { -y * y }
}

extension Relu: DifferentiableFunction {
  func derivative(_ x: Float, _ y: Float) -> Float { y > 0 ? 1 : 0 }
}

extension Selu: DifferentiableFunction {
  func derivative(_ x: Float, _ y: Float) -> Float { x > 0 ? gamma : y + gamma * alpha }
}

extension Sigmoid: DifferentiableFunction {
  func derivative(_ x: Float, _ y: Float) -> Float { y * (1 - y) }
}

extension Softplus: DifferentiableFunction {
  func derivative(_ x: Float, _ y: Float) -> Float { 1 / (1 + exp(-x)) }
}

extension Softsign: DifferentiableFunction {
  func derivative(_ x: Float, _ y: Float) -> Float {
    let d = 1 + abs(x)
    return 1 / (d * d)
  }
}

extension Sqrt: DifferentiableFunction {
  func derivative(_ x: Float, _ y: Float) -> Float { 0.5 / y }
}

extension Tanh: DifferentiableFunction {
  func derivative(_ x: Float, _ y: Float) -> Float { 1 - y * y }
}

extension Clip: Differentiable {
  /// Bounds that are inputs have no gradient.
  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    var result = [Tensor?].none(inputs.count)
    guard wanted.at(0), let gradient = try outputGradients.gradient() else { return result }
    let bounds = [1, 2].map { inputs.optional($0)?.floats?.first }
    let clip = FusedActivation.clip(low: bounds[0] ?? low ?? -.infinity, high: bounds[1] ?? high ?? .infinity)
    let y = try outputs.floats(0)
    result[0] = Tensor(y.shape, clip.inputGradient(gradient, output: y))
    return result
  }
}
