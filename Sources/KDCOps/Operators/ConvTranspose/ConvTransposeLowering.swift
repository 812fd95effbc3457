import KDCGraph
import KDCProgram

extension ConvTranspose: PerSample {
  /// One axis cut into phases: output position o has o + pad = q · stride + phase, and phase p sees only the taps
  /// p + stride · t. Each phase is a convolution of stride 1 with `taps` taps over q.
  private struct Phases {
    let axis: SpatialWindow.Axis
    /// Kernel length with dilation filled by zeros.
    var length: Int { (axis.kernel - 1) * axis.dilation + 1 }
    var taps: Int { (length + axis.stride - 1) / axis.stride }
    /// The first q that any output needs, but not beyond what padding on the left can express.
    var first: Int { min(max(axis.padBegin, 0) / axis.stride, taps - 1) }
    var positions: Int { (axis.padBegin + axis.output + axis.stride - 1) / axis.stride - first }
    var padding: Int { taps - 1 - first }

    /// The kernel position that tap `tap` of the convolution of `phase` has; nil where it is zero.
    func kernelIndex(_ phase: Int, _ tap: Int) -> Int? {
      let position = phase + axis.stride * (taps - 1 - tap)
      return position < length && position % axis.dilation == 0 ? position / axis.dilation : nil
    }

    /// The outputs of a phase: first position q − first, first output, count.
    func outputs(_ phase: Int) -> (from: Int, to: Int, count: Int) {
      var q = first
      while q * axis.stride + phase < axis.padBegin { q += 1 }
      let to = q * axis.stride + phase - axis.padBegin
      return (q - first, to, to < axis.output ? (axis.output - 1 - to) / axis.stride + 1 : 0)
    }
  }

  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let x = try lowering.shape(of: node.inputs[0])
    let w = try lowering.shape(of: node.inputs[1])
    let (y, z) = try resolve(input: x, weights: w).planar
    let (rows, columns) = (Phases(axis: y), Phases(axis: z))
    guard y.padBegin >= 0, z.padBegin >= 0 else { throw cannotLower(node, "with negative padding") }
    let (inputs, outputs) = (x[1] / group, w[1])
    let phases = y.stride * z.stride
    let kernel = y.kernel * z.kernel
    guard let stored = transposedWeights(node.inputs[1], channels: outputs * group, lowering) else {
      throw cannotLower(node, "with weights that are computed from data")
    }
    // [group, phase, output, tap, input] from [group · input, output, kernel].
    var indices: [Int] = []
    var origins: [Int] = []
    for g in 0..<group {
      for phase in 0..<phases {
        for o in 0..<outputs {
          origins.append(g * outputs + o)
          for tap in 0..<rows.taps * columns.taps {
            let ky = rows.kernelIndex(phase / z.stride, tap / columns.taps)
            let kx = columns.kernelIndex(phase % z.stride, tap % columns.taps)
            for i in 0..<inputs {
              guard let ky, let kx else {
                indices.append(-1)
                continue
              }
              indices.append(((g * inputs + i) * outputs + o) * kernel + ky * z.kernel + kx)
            }
          }
        }
      }
    }
    let values = try bias(node, 2, count: outputs * group, lowering)
    let wide = origins.count
    let name = node.outputs[0]
    let geometry = StepGeometry(
      input: (y.input, z.input, x[1]), output: (rows.positions, columns.positions, wide),
      kernel: (rows.taps, columns.taps), padTop: rows.padding, padLeft: columns.padding, groups: group)
    let form = try lowering.convolution(
      ConvolutionPlan(
        input: node.inputs[0], output: name, geometry: geometry, weights: stored.picked(indices, rowOrigins: origins),
        bias: origins.map { values[$0] }, activation: .identity,
        temporaryShape: [1, rows.positions, columns.positions, wide]))
    let bytes = form.encoding == .native ? 4 : 1
    let target = try lowering.write(name, as: form.encoding, in: .channelsLast)
    for phase in 0..<phases {
      let (fromY, toY, countY) = rows.outputs(phase / z.stride)
      let (fromX, toX, countX) = columns.outputs(phase % z.stride)
      guard countY > 0, countX > 0 else { continue }
      let channels = outputs * group
      let walk = Walk(
        extents: [countY, countX, group, outputs],
        strides: [
          [columns.positions * wide, wide, phases * outputs, 1],
          [y.stride * z.output * channels, z.stride * channels, outputs, 1],
        ])
      lowering.append {
        MoveStep(
          name: $0, input: form.buffer, output: target, elementBytes: bytes,
          inputOffset: (fromY * columns.positions + fromX) * wide + phase * outputs,
          outputOffset: (toY * z.output + toX) * channels, walk: walk.collapsed)
      }
    }
  }

  /// Weights whose scales, if any, belong to axis 1 of each group.
  private func transposedWeights(_ name: String, channels: Int, _ lowering: Lowering) -> ConvolutionWeights? {
    guard let tensor = lowering.constant(name) else { return nil }
    guard case .int8(let values) = tensor.elements else {
      return ConvolutionWeights(name, rows: channels, in: lowering)
    }
    guard let parameters = lowering.graph.quantization[name], parameters.zeroPoint == 0 else { return nil }
    let given = parameters.scales
    guard [1, channels, channels / group].contains(given.count) else { return nil }
    let scales = (0..<channels).map { given[$0 % given.count] }
    return ConvolutionWeights(int8: values, scales: scales)
  }
}

extension ConvolutionWeights {
  /// Int8 values in any order with the scales of their output channels; to be `picked`.
  init(int8 values: [Int8], scales: [Float]) {
    self.values = .int8(values, scales: scales)
    rows = scales.count
    depth = values.count / max(scales.count, 1)
  }
}
