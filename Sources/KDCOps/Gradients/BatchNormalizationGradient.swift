import KDCDiagnostics
import KDCTensor

extension BatchNormalization: Differentiable {
  /// Of the inference form, in which mean and variance are inputs.
  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    guard let gradient = try outputGradients.gradient() else { return .none(inputs.count) }
    let (x, scale) = (try inputs.floats(0), try inputs.floats(1).values)
    let (means, variances) = (try inputs.floats(3).values, try inputs.floats(4).values)
    let inverses = variances.map { 1 / ($0 + epsilon).squareRoot() }
    let sums = channelSums(x, gradient, means: means, inverses: inverses)
    var result = [Tensor?].none(inputs.count)
    let pixels = x.shape.dims[2...].reduce(1, *)
    if wanted.at(0) {
      let values = [Float](count: gradient.count) { target in
        gradient.withPointer { gradient in
          for plane in 0..<x.shape[0] * scale.count {
            let factor = scale[plane % scale.count] * inverses[plane % scale.count]
            for i in plane * pixels..<(plane + 1) * pixels { target[i] = gradient[i] * factor }
          }
        }
      }
      result[0] = Tensor(x.shape, values)
    }
    let vectors: [(Int, (Int) -> Float)] = [
      (1, { sums[$0].product }), (2, { sums[$0].plain }), (3, { -scale[$0] * inverses[$0] * sums[$0].plain }),
      (4, { -0.5 * scale[$0] * inverses[$0] * inverses[$0] * sums[$0].product }),
    ]
    for (index, value) in vectors where wanted.at(index) {
      result[index] = Tensor([scale.count], scale.indices.map(value))
    }
    return result
  }

  /// The training form: statistics of the batch take the place of the inputs mean and var.
  ///
  /// - Returns: the output of x's shape, and each channel's mean and (biased) variance over batch and pixels.
  package func evaluateTraining(
    x: Tensor, scale: [Float], bias: [Float]
  ) throws -> (output: Tensor, mean: [Float], variance: [Float]) {
    let (shape, values) = try [x as Tensor?].floats(0)
    let (channels, pixels) = (shape[1], shape.dims[2...].reduce(1, *))
    let size = Float(max(1, shape[0] * pixels))
    let (mean, variance) = values.withPointer { x in
      let mean = (0..<channels).map { channel in
        (0..<shape[0]).reduce(Float(0)) { $0 + VectorSums.sum(x + ($1 * channels + channel) * pixels, pixels) } / size
      }
      let variance = (0..<channels).map { channel in
        (0..<shape[0]).reduce(Float(0)) { sum, image in
          let row = x + (image * channels + channel) * pixels
          return sum + VectorSums.squares(row, minus: mean[channel], pixels)
        } / size
      }
      return (mean, variance)
    }
    let (factors, offsets) = affine(scale: scale, bias: bias, mean: mean, variance: variance)
    let output = [Float](count: values.count) { target in
      values.withPointer { x in
        for plane in 0..<shape[0] * channels {
          let (factor, offset) = (factors[plane % channels], offsets[plane % channels])
          for i in plane * pixels..<(plane + 1) * pixels { target[i] = x[i] * factor + offset }
        }
      }
    }
    return (Tensor(shape, output), mean, variance)
  }

  /// Gradients of `evaluateTraining`, through the statistics too; `mean` and `variance` are those it returned.
  package func trainingGradients(
    x: Tensor, scale: [Float], mean: [Float], variance: [Float], outputGradient: Tensor
  ) throws -> (x: Tensor, scale: [Float], bias: [Float]) {
    let (input, gradient) = (try [x as Tensor?].floats(0), try [outputGradient as Tensor?].floats(0).values)
    let (channels, pixels) = (x.shape[1], x.shape.dims[2...].reduce(1, *))
    let inverses = variance.map { 1 / ($0 + epsilon).squareRoot() }
    let sums = channelSums(input, gradient, means: mean, inverses: inverses)
    let values = [Float](count: gradient.count) { target in
      input.values.withPointer { x in
        gradient.withPointer { gradient in
          for plane in 0..<input.shape[0] * channels {
            let (channel, start) = (plane % channels, plane * pixels)
            let row = Normalized(x: x + start, mean: mean[channel], inverse: inverses[channel], count: pixels)
            row.write(
              target + start, gradient + start, factor: scale[channel] * inverses[channel],
              means: sums[channel].divided(by: input.shape[0] * pixels))
          }
        }
      }
    }
    return (Tensor(x.shape, values), sums.map(\.product), sums.map(\.plain))
  }

  private func channelSums(
    _ x: (shape: Shape, values: [Float]), _ gradient: [Float], means: [Float], inverses: [Float]
  ) -> [Normalized.Sums] {
    let pixels = x.shape.dims[2...].reduce(1, *)
    var result = means.map { _ in Normalized.Sums(plain: 0, product: 0) }
    let planes = x.shape[0] * means.count
    x.values.withPointer { x in
      gradient.withPointer { gradient in
        for plane in 0..<planes {
          let channel = plane % means.count
          let row = Normalized(
            x: x + plane * pixels, mean: means[channel], inverse: inverses[channel], count: pixels)
          let sums = row.sums(gradient + plane * pixels)
          result[channel].plain += sums.plain
          result[channel].product += sums.product
        }
      }
    }
    return result
  }
}
