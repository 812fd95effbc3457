import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Transposed convolution of X [N, C, spatial…] with W [C, M / group, kernel…], bias B [M].
/// ONNX `ConvTranspose`, opsets 1, 11, 22.
///
/// Output = stride · (input − 1) + output_padding + (kernel − 1) · dilation + 1 − padding; with `output_shape` or auto_pad
/// SAME the padding follows from the output instead.
package struct ConvTranspose: Quantizable, MultiplyAccumulating, WeightedLayer, Trainable {
  package static let onnxName = "ConvTranspose"
  package static let inputCount = 2...3
  package let window: SpatialWindow
  package let group: Int
  package let outputPadding: [Int]?
  package let outputShape: [Int]?

  package init(decoding node: Node) throws(Diagnostic) {
    window = try SpatialWindow(decoding: node)
    group = try node.int("group", default: 1)
    guard group >= 1 else { throw node.invalid("group", "is \(group), must be 1 or more") }
    outputPadding = try node.optionalInts("output_padding")
    outputShape = try node.optionalInts("output_shape")
    for value in (outputPadding ?? []) + (outputShape ?? []) where value < 0 || value > 1 << 31 {
      throw node.invalid(outputShape == nil ? "output_padding" : "output_shape", "has the element \(value)")
    }
  }

  package var quantizationRule: QuantizationRule { .integer }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let x = try requiredFloat(inputs, 0, "X")
    let w = try requiredFloat(inputs, 1, "W")
    guard w.rank == x.rank, x.rank >= 3 else {
      throw shapeMismatch("X \(x) and W \(w) must have one rank, 3 or more")
    }
    guard w[0] == x[1], x[1] % group == 0 else {
      throw shapeMismatch("W \(w) must be for the \(x[1]) channels of X \(x), in \(group) group(s)")
    }
    let (channels, overflow) = w[1].multipliedReportingOverflow(by: group)
    guard !overflow else { throw Diagnostic(.shapeOverflow, "'ConvTranspose': \(group) groups of W \(w)") }
    if let b = try optionalFloat(inputs, 2, "B"), b.dims != [channels] {
      throw shapeMismatch("B \(b) must be [\(channels)], one value for each output channel")
    }
    return [TensorType(.float32, Shape([x[0], channels] + (try resolve(input: x, weights: w)).map(\.output)))]
  }

  /// The axes, `output` being this operator's output; `padBegin` and `padEnd` are cut off its ends.
  package func resolve(input x: Shape, weights w: Shape) throws(Diagnostic) -> [SpatialWindow.Axis] {
    let (kernel, strides, dilations, pads) = try window.lists(self, input: x, kernel: Array(w.dims[2...]))
    for (name, list) in [("output_padding", outputPadding), ("output_shape", outputShape)] {
      // output_shape may also list batch and channels, as some exporters do.
      guard let list, list.count != kernel.count, name == "output_padding" || list.count != x.rank else { continue }
      throw Diagnostic(
        .invalidAttribute,
        "attribute '\(name)' of 'ConvTranspose' has \(list.count) elements, must have \(kernel.count)")
    }
    let wanted = outputShape.map { Array($0.suffix(kernel.count)) }
    var axes: [SpatialWindow.Axis] = []
    for axis in kernel.indices {
      let extra = outputPadding?[axis] ?? 0
      let full = strides[axis] * (x[axis + 2] - 1) + extra + (kernel[axis] - 1) * dilations[axis] + 1
      var (begin, end) = (pads[axis], pads[axis + kernel.count])
      let same = window.padding == .sameUpper || window.padding == .sameLower
      if let output = wanted?[axis] ?? (same ? x[axis + 2] * strides[axis] : nil) {
        let total = max(0, full - output)
        // Odd padding: SAME_UPPER cuts more at the end, all others at the begin.
        begin = window.padding == .sameUpper ? total / 2 : total - total / 2
        end = total - begin
        // An output longer than the full one is padded with the bias at its end.
        if output > full { end = full - output }
      }
      let output = full - begin - end
      guard output >= 0 else {
        throw shapeMismatch("padding \(begin) + \(end) is more than the \(full) elements of spatial axis \(axis)")
      }
      axes.append(
        SpatialWindow.Axis(
          input: x[axis + 2], output: output, kernel: kernel[axis], stride: strides[axis], dilation: dilations[axis],
          padBegin: begin, padEnd: end))
    }
    return axes
  }

  package func multiplyAccumulates(_ inputs: [Shape?], output: Shape) -> Int {
    guard let input = inputs[0], let weights = inputs[1], weights.rank >= 2, weights[0] > 0 else { return 0 }
    return input.count * (weights.count / weights[0])
  }

  package static var weightAxis: Int { 1 }
  package static var takesFewBits: Bool { false }
  package static var residualInput: Int? { nil }
  package var activation: FusedActivation { .none }

  package func parameters(_ shapes: [Shape?]) -> [LayerParameter] {
    LayerParameter.kernel(shapes[1], transposed: true)
  }
}

extension ConvTranspose {
  /// The convolution that goes the other way: its input is our output.
  func reversedGeometry(input x: Shape, weights w: Shape, axes: [SpatialWindow.Axis]) -> ImageGeometry {
    let reversed = axes.map { axis in
      var axis = axis
      swap(&axis.input, &axis.output)
      return axis
    }
    return ImageGeometry(
      batch: x[0], inputChannels: w[1] * group, outputChannels: x[1], groups: group,
      y: reversed.planar.y, x: reversed.planar.x)
  }
}

extension ConvTranspose: ParallelOperator {
  package func evaluate(_ inputs: [Tensor?], threads: Threads) throws -> [Tensor] {
    let x = try inputs.floats(0)
    let w = try inputs.floats(1)
    if x.shape.rank > 4 { return try evaluateExpanded(inputs) }
    let axes = try resolve(input: x.shape, weights: w.shape)
    let geometry = reversedGeometry(input: x.shape, weights: w.shape, axes: axes)
    let values = Convolution.transposed(
      x.values, weights: w.values, bias: try inputs.optionalFloats(2), geometry, threads: threads)
    return [Tensor(Shape([x.shape[0], geometry.inputChannels] + axes.map(\.output)), values)]
  }
}

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

extension ConvTranspose: ChannelPassing {
  package func trace(_ node: Node, in trace: inout ChannelTrace) throws {
    let (input, weights) = (node.inputs[0], node.inputs[1])
    let shape = trace.shape(of: weights)
    // Grouped forms other than the depthwise one are rare: they stay as they are.
    guard trace.isWeight(weights), group == 1 || (shape[1] == 1 && group == shape[0]) else { return trace.giveUp() }
    let (x, w) = (trace.labels(of: input), trace.labels(of: weights))
    for axis in 2..<shape.rank {
      trace.pin(x[axis])
      trace.pin(w[axis])
    }
    trace.unify(x[1], w[0])
    let outputs = group == 1 ? w[1] : x[1] == nil ? nil : w[0]
    if group == 1 {
      trace.use(weights, 0, .consumer, summing: (input, 1))
      trace.use(weights, 1, .producer)
    } else {
      trace.use(weights, 0, .perChannel)
    }
    trace.bias(node.input(2), outputs)
    trace.labels[node.outputs[0]] = [x[0], outputs] + [AxisLabels](repeating: nil, count: shape.rank - 2)
  }

  package func recount(_ node: inout Node, in removal: inout ChannelRemoval) throws {
    removal.recountGroups(group, of: &node)
  }
}
