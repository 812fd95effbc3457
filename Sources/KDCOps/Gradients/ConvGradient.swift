import KDCDiagnostics
import KDCTensor

extension Conv: Differentiable {
  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    guard let gradient = try outputGradients.gradient() else { return .none(inputs.count) }
    return try convolutionGradients(inputs, sumGradient: gradient, window: window, group: group, wanted: wanted)
  }
}

extension FusedConv: Differentiable {
  /// The residual has the gradient of the sum before the activation.
  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    guard let gradient = try outputGradients.gradient() else { return .none(inputs.count) }
    let sumGradient = try activation.inputGradient(gradient, output: outputs.floats(0))
    return try convolutionGradients(inputs, sumGradient: sumGradient, window: window, group: group, wanted: wanted)
  }
}

extension Operator {
  /// Gradients of X, W, B and the residual Z, from that of Conv(X, W, B) + Z.
  func convolutionGradients(
    _ inputs: [Tensor?], sumGradient: [Float], window: SpatialWindow, group: Int, wanted: [Bool]
  ) throws -> [Tensor?] {
    let (x, w) = (try inputs.floats(0), try inputs.floats(1))
    let axes = try window.resolve(self, input: x.shape, kernel: Array(w.shape.dims[2...]))
    let geometry = ImageGeometry(
      batch: x.shape[0], inputChannels: x.shape[1], outputChannels: w.shape[0], groups: group,
      y: axes.planar.y.geometry, x: axes.planar.x.geometry)
    var result = [Tensor?].none(inputs.count)
    let both = Convolution.gradients(
      input: x.values, weights: w.values, outputGradient: sumGradient, geometry, wantsInput: wanted.at(0),
      wantsWeights: wanted.at(1))
    result[0] = both.input.map { Tensor(x.shape, $0) }
    result[1] = both.weights.map { Tensor(w.shape, $0) }
    if wanted.at(2), inputs.optional(2) != nil {
      let sums = Convolution.channelSums(
        sumGradient, batch: geometry.batch, channels: geometry.outputChannels, pixels: geometry.outputPixels)
      result[2] = Tensor([w.shape[0]], sums)
    }
    if wanted.at(3), let residual = inputs.optional(3) { result[3] = Tensor(residual.shape, sumGradient) }
    return result
  }
}

extension FusedActivation {
  /// ∂L/∂sum from ∂L/∂y, by y itself: the gradient passes where y lies strictly between the bounds.
  func inputGradient(_ gradient: [Float], output: (shape: Shape, values: [Float])) -> [Float] {
    let (low, high): (Float, Float)
    switch self {
    case .none: return gradient
    case .relu: (low, high) = (0, .infinity)
    case .clip(let lower, let upper): (low, high) = (lower, upper)
    }
    return [Float](count: gradient.count) { result in
      gradient.withPointer { gradient in
        output.values.withPointer { y in
          for i in 0..<output.values.count { result[i] = y[i] > low && y[i] < high ? gradient[i] : 0 }
        }
      }
    }
  }
}
