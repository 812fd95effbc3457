import KDCGraph
import KDCProgram
import KDCTensor

/// A mean over windows, as lowering sees it.
struct MeanPlan {
  var input: String
  var output: String
  var geometry: StepGeometry
  var countsPadding = false
  var padded: (height: Int, width: Int) = (0, 0)
}

extension Lowering {
  /// The windows' mean: integer where both values are int8.
  mutating func mean(_ plan: MeanPlan) throws {
    if try integerMean(plan) { return }
    let input = try read(plan.input, as: .native, in: [.channelsLast]).buffer
    let output = try write(plan.output, as: .native, in: .channelsLast)
    append {
      FloatPoolStep(
        name: $0, operation: .mean, input: input, output: output, geometry: plan.geometry,
        countIncludesPadding: plan.countsPadding, paddedHeight: plan.padded.height, paddedWidth: plan.padded.width)
    }
  }

  /// False where a value is not int8.
  private mutating func integerMean(_ plan: MeanPlan) throws -> Bool {
    guard let from = quantized(plan.input), let to = quantized(plan.output) else { return false }
    let g = plan.geometry
    let taps = g.kernelHeight * g.kernelWidth
    guard taps <= SpatialWindow.largestWindow else { return false }
    let ratio = Double(from.scale) / Double(to.scale)
    // Divisors that occur; others get any multiplier. A window that covers the image has one.
    let least = leastDivisor(plan)
    guard
      let factors = RequantizationChoice.factors(
        (1...taps).map { ratio / Double(max($0, least)) }, accumulatorBound: Double(255 * taps))
    else { return false }
    let multipliers = addConstant(Tensor([taps], factors.multipliers), "multipliers")
    let input = try read(plan.input, as: .int8(from), in: [.channelsLast]).buffer
    let output = try write(plan.output, as: .int8(to), in: .channelsLast)
    append {
      AveragePoolStep(
        name: $0, input: input, output: output, geometry: g, inputZeroPoint: from.zeroPoint,
        countIncludesPadding: plan.countsPadding, paddedHeight: plan.padded.height, paddedWidth: plan.padded.width,
        multipliers: multipliers,
        requantization: Requantization(preShift: factors.preShift, shift: factors.shift, to: to))
    }
    return true
  }

  /// The smallest number of pixels that any window counts.
  private func leastDivisor(_ plan: MeanPlan) -> Int {
    let g = plan.geometry
    func least(_ outputs: Int, _ kernel: Int, _ stride: Int, _ dilation: Int, _ range: Range<Int>, _ pad: Int) -> Int {
      var least = kernel
      for output in 0..<outputs {
        let origin = output * stride - pad
        // Taps before `limit`.
        func taps(_ limit: Int) -> Int { min(kernel, max(0, (limit - origin + dilation - 1) / dilation)) }
        least = min(least, taps(range.upperBound) - taps(range.lowerBound))
      }
      return max(least, 1)
    }
    let rows = plan.countsPadding ? -g.padTop..<plan.padded.height - g.padTop : 0..<g.inputHeight
    let columns = plan.countsPadding ? -g.padLeft..<plan.padded.width - g.padLeft : 0..<g.inputWidth
    return least(g.outputHeight, g.kernelHeight, g.strideY, g.dilationY, rows, g.padTop)
      * least(g.outputWidth, g.kernelWidth, g.strideX, g.dilationX, columns, g.padLeft)
  }

  /// The largest of each window.
  mutating func maximum(_ input: String, _ output: String, _ geometry: StepGeometry) throws {
    if let affine = quantized(output) {
      let source = try read(input, as: .int8(affine), in: [.channelsLast]).buffer
      let target = try write(output, as: .int8(affine), in: .channelsLast)
      append { MaxPoolStep(name: $0, input: source, output: target, geometry: geometry) }
      return
    }
    let source = try read(input, as: .native, in: [.channelsLast]).buffer
    let target = try write(output, as: .native, in: .channelsLast)
    append {
      FloatPoolStep(
        name: $0, operation: .maximum, input: source, output: target, geometry: geometry, countIncludesPadding: false,
        paddedHeight: 0, paddedWidth: 0)
    }
  }

  /// The window of a pool over the whole image of a value [1, C, spatial…].
  func globalGeometry(_ shape: Shape) -> StepGeometry {
    let pixels = shape.dims[2...]
    let width = pixels.last ?? 1
    let height = pixels.dropLast().reduce(1, *)
    return StepGeometry(
      input: (height, width, shape[1]), output: (1, 1, shape[1]), kernel: (height, width), groups: shape[1])
  }
}

extension StepGeometry {
  /// Windows over an image.
  init(_ axes: [SpatialWindow.Axis], inputs: Int, outputs: Int, groups: Int) {
    let (y, x) = axes.planar
    self.init(
      input: (y.input, x.input, inputs), output: (y.output, x.output, outputs), kernel: (y.kernel, x.kernel),
      strides: (y.stride, x.stride), dilations: (y.dilation, x.dilation), padTop: y.padBegin, padLeft: x.padBegin,
      groups: groups)
  }
}
