import KDCDiagnostics
import KDCTensor

/// An element-wise function of two operands with broadcasting, by its two partial derivatives.
protocol DifferentiablePair: Differentiable {
  /// ∂f/∂a and ∂f/∂b.
  static func derivatives(_ a: Float, _ b: Float) -> (a: Float, b: Float)
}

extension DifferentiablePair {
  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    guard let gradient = try outputGradients.gradient(), let shape = outputs.first?.shape,
      outputs.first?.dataType == .float32
    else { return .none(inputs.count) }
    let (a, b) = (try inputs.required(0), try inputs.required(1).cast(to: .float32))
    guard let x = a.floats, let y = b.floats else { throw InternalError("gradient of \(a.type)") }
    return [
      !wanted.at(0)
        ? nil
        : Tensor(
          a.shape, pairSums(x, a.shape, y, b.shape, gradient, shape, to: a.shape) { Self.derivatives($0, $1).a }),
      !wanted.at(1) || inputs[1]?.dataType != .float32
        ? nil
        : Tensor(
          b.shape, pairSums(x, a.shape, y, b.shape, gradient, shape, to: b.shape) { Self.derivatives($0, $1).b }),
    ]
  }
}

/// Σ gradient · derivative(a, b) over what repeats of `target`, which is the shape of a or b.
@inline(__always)
private func pairSums(
  _ a: [Float], _ aShape: Shape, _ b: [Float], _ bShape: Shape, _ gradient: [Float], _ shape: Shape,
  to target: Shape, _ derivative: (Float, Float) -> Float
) -> [Float] {
  var factors = broadcastMap(a, aShape, b, bShape, to: shape, derivative)
  factors.withUnsafeMutableBufferPointer { factors in
    gradient.withUnsafeBufferPointer { gradient in
      for i in factors.indices { factors[i] *= gradient[i] }
    }
  }
  return target == shape ? factors : broadcastSums(factors, shape, to: target)
}

/// A sum of operands with broadcasting, each with a constant factor.
protocol WeightedSum: Differentiable {
  static func factor(_ index: Int, of count: Int) -> Float
}

extension WeightedSum {
  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    var result = [Tensor?].none(inputs.count)
    guard let gradient = outputGradients.optional(0) else { return result }
    for (index, input) in inputs.enumerated() where wanted.at(index) {
      guard let input, input.dataType == .float32 else { continue }
      let sum = try gradient.summed(to: input.shape)
      let factor = Self.factor(index, of: inputs.count)
      result[index] = factor == 1 ? sum : Tensor(input.shape, (sum.floats ?? []).map { $0 * factor })
    }
    return result
  }
}
