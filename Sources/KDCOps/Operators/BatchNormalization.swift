import KDCDiagnostics
import KDCGraph
import KDCTensor

/// y = (x − mean) / sqrt(var + epsilon) · scale + B for each channel of X [N, C, …], in inference.
/// ONNX `BatchNormalization`, opsets 7, 9, 14, 15; training_mode and the outputs of training are refused.
package struct BatchNormalization: ChannelPassing, OutputJudging {
  package static let onnxName = "BatchNormalization"
  package static let inputCount = 5...5
  package static let outputCount = 1...5
  package let epsilon: Float
  /// What training keeps of the stored mean and variance in a step.
  package let momentum: Float

  package init(decoding node: Node) throws(Diagnostic) {
    epsilon = try node.float("epsilon", default: 1e-5)
    momentum = try node.float("momentum", default: 0.9)
    if try node.flag("training_mode", default: false) {
      throw node.unsupported("'BatchNormalization' with training_mode 1", hint: "export the model in evaluation mode")
    }
    if try !node.flag("spatial", default: true) { throw node.unsupported("'BatchNormalization' with spatial 0") }
    if node.outputs.dropFirst().contains(where: { !$0.isEmpty }) {
      throw node.unsupported("a training output of 'BatchNormalization'", hint: "export the model in evaluation mode")
    }
  }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let x = try requiredFloat(inputs, 0, "X")
    guard x.rank >= 2 else { throw shapeMismatch("X \(x) must have batch and channels") }
    for (index, name) in [(1, "scale"), (2, "B"), (3, "mean"), (4, "var")] {
      let shape = try requiredFloat(inputs, index, name)
      guard shape.dims == [x[1]] else {
        throw shapeMismatch("\(name) \(shape) must be [\(x[1])], one value for each channel of X \(x)")
      }
    }
    return [TensorType(.float32, x)]
  }

  /// The same as y = factor · x + offset for each channel.
  package func affine(
    scale: [Float], bias: [Float], mean: [Float], variance: [Float]
  ) -> (factors: [Float], offsets: [Float]) {
    let factors = zip(scale, variance).map { $0 / ($1 + epsilon).squareRoot() }
    let offsets = bias.indices.map { bias[$0] - mean[$0] * factors[$0] }
    return (factors, offsets)
  }

  package func trace(_ node: Node, in trace: inout ChannelTrace) throws {
    trace.perChannel(node, mixesPixels: false)
  }
  package static func outputKind(isVector: Bool) -> OutputKind? { isVector ? .embedding : nil }
}

extension BatchNormalization: ParallelOperator {
  package func evaluate(_ inputs: [Tensor?], threads: Threads) throws -> [Tensor] {
    let x = try inputs.floats(0)
    let (factors, offsets) = affine(
      scale: try inputs.floats(1).values, bias: try inputs.floats(2).values, mean: try inputs.floats(3).values,
      variance: try inputs.floats(4).values)
    let channels = x.shape[1]
    let inner = x.shape.dims[2...].reduce(1, *)
    let values = [Float](count: x.shape.count) { y in
      x.values.withPointer { source in
        parallelFor(x.shape[0] * channels, threads: threads) { plane in
          let (source, target) = (source + plane * inner, y + plane * inner)
          let (factor, offset) = (factors[plane % channels], offsets[plane % channels])
          for i in 0..<inner { target[i] = source[i] * factor + offset }
        }
      }
    }
    return [Tensor(x.shape, values)]
  }
}

extension BatchNormalization: PerSample {
  /// A batch of vectors is a matrix, one of images is not.
  package func sampleAxes(_ node: Node, in lowering: Lowering) throws -> SampleAxes? {
    let shape = try lowering.shape(of: node.inputs[0])
    guard shape.rank > 2 else { return nil }
    return SampleAxes(
      inputs: [0] + node.inputs.dropFirst().map { _ in nil }, outputs: node.outputs.map { _ in 0 }, count: shape[0])
  }

  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let parameters = (1...4).map { lowering.floatConstant(node.inputs[$0])?.floats }
    guard let scale = parameters[0], let bias = parameters[1], let mean = parameters[2], let variance = parameters[3]
    else { throw cannotLower(node, "with parameters that are computed from data") }
    let (factors, offsets) = affine(scale: scale, bias: bias, mean: mean, variance: variance)
    let (input, output) = (node.inputs[0], node.outputs[0])
    let shape = try lowering.shape(of: input)
    if shape[0] == 1,
      try lowering.integerTable(
        input, output, channels: shape[1],
        { x, channel in
          x * factors[channel] + offsets[channel]
        })
    {
      return
    }
    let form = try lowering.read(input, as: .native)
    let factor = lowering.loaded(Tensor([factors.count], factors), "factors")
    let offset = lowering.loaded(Tensor([offsets.count], offsets), "offsets")
    let isInner = form.layout == .channelsLast || shape.rank == 2
    let (rows, columns) = isInner ? (shape.count / shape[1], shape[1]) : (shape[1], shape.count / shape[1])
    try lowering.affine(
      form.buffer, factor, offset, rows: rows, columns: columns, stride: isInner ? (0, 1) : (1, 0), to: output,
      in: form.layout)
  }
}

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

extension BatchNormalization: Trainable {
  /// The stored mean and variance follow the samples.
  package func parameters(_ shapes: [Shape?]) -> [LayerParameter] {
    LayerParameter.affine + [
      LayerParameter(3, .constant(0), isTrained: false), LayerParameter(4, .constant(1), isTrained: false),
    ]
  }
}
