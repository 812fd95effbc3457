import KDCDiagnostics
import KDCTensor

extension ConvTranspose: Differentiable {
  /// The transposed convolution is linear: x has the convolution of ∂y with the same weights, and w what that
  /// convolution would have with ∂y as its input and x as its gradient.
  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    guard let gradient = try outputGradients.gradient() else { return .none(inputs.count) }
    let (x, w) = (try inputs.floats(0), try inputs.floats(1))
    let geometry = reversedGeometry(
      input: x.shape, weights: w.shape, axes: try resolve(input: x.shape, weights: w.shape))
    var result = [Tensor?].none(inputs.count)
    if wanted.at(0) {
      result[0] = Tensor(
        x.shape, Convolution.forward(gradient, weights: w.values, bias: nil, geometry, threads: .single))
    }
    if wanted.at(1) {
      let both = Convolution.gradients(
        input: gradient, weights: w.values, outputGradient: x.values, geometry,
        wanted: Convolution.Wanted(weights: true))
      result[1] = both.weights.map { Tensor(w.shape, $0) }
    }
    if wanted.at(2), inputs.optional(2) != nil {
      let sums = Convolution.channelSums(
        gradient, batch: geometry.batch, channels: geometry.inputChannels, pixels: geometry.inputPixels)
      result[2] = Tensor([geometry.inputChannels], sums)
    }
    return result
  }
}
