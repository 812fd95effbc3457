import KDCDiagnostics
import KDCTensor

extension Conv: Differentiable {
  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    try convolutionGradients(
      inputs, output: nil, gradient: outputGradients.gradient(), window: window, group: group, wanted: wanted)
  }
}

extension FusedConv: Differentiable {
  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    try convolutionGradients(
      inputs, output: activation == .none ? nil : outputs.floats(0).values, gradient: outputGradients.gradient(),
      activation: activation, window: window, group: group, wanted: wanted)
  }
}

extension Operator {
  /// Gradients of X, W, B and the residual Z of activation(Conv(X, W, B) + Z), whose output is given where there is an
  /// activation.
  fileprivate func convolutionGradients(
    _ inputs: [Tensor?], output: [Float]?, gradient: [Float]?, activation: FusedActivation = .none,
    window: SpatialWindow, group: Int, wanted: [Bool]
  ) throws -> [Tensor?] {
    guard let gradient else { return .none(inputs.count) }
    let (x, w) = (try inputs.floats(0), try inputs.floats(1))
    let geometry = try convolutionGeometry(x.shape, w.shape, window: window, group: group).geometry
    let found = Convolution.gradients(
      input: x.values, weights: w.values, outputGradient: gradient, output: output, low: activation.bounds.low,
      high: activation.bounds.high, geometry,
      wanted: Convolution.Wanted(
        input: wanted.at(0), weights: wanted.at(1), bias: wanted.at(2) && inputs.optional(2) != nil,
        residual: wanted.at(3) && inputs.optional(3) != nil))
    return zip(inputs, [found.input, found.weights, found.bias, found.residual]).map { input, values in
      values.flatMap { values in input.map { Tensor($0.shape, values) } }
    }
  }
}

extension FusedActivation {
  /// ∂L/∂sum from ∂L/∂y, by y itself: the gradient passes where y lies strictly between the bounds.
  func inputGradient(_ gradient: [Float], output: (shape: Shape, values: [Float])) -> [Float] {
    guard self != .none else { return gradient }
    let (low, high) = bounds
    return [Float](count: gradient.count) { result in
      gradient.withPointer { gradient in
        output.values.withPointer { y in
          for i in 0..<output.values.count { result[i] = y[i] > low && y[i] < high ? gradient[i] : 0 }
        }
      }
    }
  }
}
