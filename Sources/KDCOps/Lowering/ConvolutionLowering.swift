import KDCDiagnostics
import KDCProgram
import KDCTensor

/// Short for what every plan below carries.
typealias StepGeometry = ConvolutionGeometry

/// A convolution as lowering sees it: names of the graph's values, weights in steps' order [O, kh, kw, I / groups].
struct ConvolutionPlan {
  var input: String
  var output: String
  var residual: String?
  var geometry: StepGeometry
  var weights: ConvolutionWeights
  /// [O]
  var bias: [Float]
  var activation: FloatFunction
  /// How the input's buffer must lie, and the output's lies.
  var inputLayout: Layout = .channelsLast
  var outputLayout: Layout = .channelsLast
  /// Where set, the result goes to a buffer of this shape that is no value; `output` gives its encoding only.
  var temporaryShape: Shape?
}

/// Weights [rows, depth], rows being output channels, in float or as int8 with a scale a row.
struct ConvolutionWeights {
  enum Values {
    case float([Float])
    case int8([Int8], scales: [Float])
  }
  var values: Values
  var rows: Int
  var depth: Int
  /// int8 values that 4 bits hold, and are stored so.
  private(set) var isInt4 = false

  /// From a constant of `shape` whose axis `channelAxis` counts output channels; nil where it is computed or int8
  /// without scales along that axis.
  init?(_ name: String, rows: Int, in lowering: Lowering) {
    guard let tensor = lowering.constant(name), rows > 0 else { return nil }
    self.rows = rows
    depth = tensor.count / rows
    switch tensor.elements {
    case .float32(let v): values = .float(v)
    case .int8(let v):
      guard let parameters = lowering.graph.quantization[name], parameters.zeroPoint == 0 else { return nil }
      guard parameters.scales.count == rows || parameters.scales.count == 1 else { return nil }
      let scales = parameters.scales.count == rows ? parameters.scales : .init(repeating: parameters.scale, count: rows)
      values = .int8(v, scales: scales)
      isInt4 = parameters.bits == 4 && Int4.fits(v)
    default: return nil
    }
  }

  /// The elements picked by `indices`, `rows` rows of them; a negative index gives 0. Row r has the scale of row
  /// `rowOrigins[r]`.
  func picked(_ indices: [Int], rowOrigins: [Int]) -> ConvolutionWeights {
    var result = self
    result.rows = rowOrigins.count
    result.depth = indices.count / max(rowOrigins.count, 1)
    switch values {
    case .float(let v): result.values = .float(indices.map { $0 < 0 ? 0 : v[$0] })
    case .int8(let v, let scales):
      result.values = .int8(indices.map { $0 < 0 ? 0 : v[$0] }, scales: rowOrigins.map { scales[$0] })
    }
    return result
  }

  var floats: [Float] {
    switch values {
    case .float(let v): v
    case .int8(let v, let scales): v.indices.map { Float(v[$0]) * scales[$0 / max(depth, 1)] }
    }
  }
}

extension Lowering {
  /// Integer steps where input, weights and output are int8, float steps otherwise.
  @discardableResult
  mutating func convolution(_ plan: ConvolutionPlan) throws -> Form {
    var plan = plan
    plan.geometry = plan.geometry.asRow
    if let buffer = try integerConvolution(plan) {
      return Form(encoding: encoding(of: plan.output), layout: plan.outputLayout, buffer: buffer)
    }
    return Form(encoding: .native, layout: plan.outputLayout, buffer: try floatConvolution(plan))
  }

  private mutating func target(_ plan: ConvolutionPlan, _ encoding: Encoding) throws -> BufferID {
    guard let shape = plan.temporaryShape else { return try write(plan.output, as: encoding, in: plan.outputLayout) }
    return temporary(TensorType(encoding == .native ? .float32 : .int8, shape))
  }

  private mutating func floatConvolution(_ plan: ConvolutionPlan) throws -> BufferID {
    let g = plan.geometry
    let input = try read(plan.input, as: .native, in: [plan.inputLayout]).buffer
    let residual = try plan.residual.map { try read($0, as: .native, in: [plan.outputLayout]).buffer }
    let depth = plan.weights.depth
    let floats = plan.weights.floats
    var turned = [Float](repeating: 0, count: floats.count)
    for n in 0..<g.outputChannels {
      for k in 0..<depth { turned[k * g.outputChannels + n] = floats[n * depth + k] }
    }
    let shape: Shape = [g.kernelHeight, g.kernelWidth, g.inputChannels / g.groups, g.outputChannels]
    let weights = addConstant(Tensor(shape, turned), "weights")
    let bias = addConstant(Tensor([plan.bias.count], plan.bias), "bias")
    let output = try target(plan, .native)
    append {
      FloatConvolutionStep(
        name: $0, input: input, output: output, geometry: g, weights: weights, bias: bias, residual: residual,
        activation: plan.activation
      ).form
    }
    return output
  }

  /// nil where a value is not int8 or no integers fit the scales.
  private mutating func integerConvolution(_ plan: ConvolutionPlan) throws -> BufferID? {
    guard let from = quantized(plan.input), let to = quantized(plan.output),
      let fused = IntegerWeights(plan, input: from, outputScale: to.scale)
    else { return nil }
    let (low, high) = RequantizationChoice.clamp(plan.activation, to)
    func requantization(_ factors: RequantizationChoice.Factors) -> Requantization {
      Requantization(
        preShift: factors.preShift, shift: factors.shift, zeroPoint: to.zeroPoint, low: low, high: high)
    }
    guard let name = plan.residual else {
      return try RequantizationChoice.factors(fused.factors, accumulatorBound: fused.bound)
        .map { try emit(plan, fused, $0, requantization($0)) }
    }
    guard let residual = quantized(name) else { return nil }
    guard
      let (factors, multiplier) = RequantizationChoice.factors(
        fused.factors, accumulatorBound: fused.bound, residualRatio: Double(residual.scale) / Double(to.scale))
    else { return try convolutionThenAdd(plan, name, residual) }
    let buffer = try read(name, as: .int8(residual), in: [plan.outputLayout]).buffer
    return try emit(
      plan, fused, factors, requantization(factors),
      residual: ConvolutionStep.Residual(buffer: buffer, zeroPoint: residual.zeroPoint, multiplier: multiplier))
  }

  private mutating func emit(
    _ plan: ConvolutionPlan, _ fused: IntegerWeights, _ factors: RequantizationChoice.Factors,
    _ requantization: Requantization, residual: ConvolutionStep.Residual? = nil, to output: BufferID? = nil
  ) throws -> BufferID {
    guard let from = quantized(plan.input) else { throw InternalError("integer convolution of float values") }
    let g = plan.geometry
    let input = try read(plan.input, as: .int8(from), in: [plan.inputLayout]).buffer
    let shape: Shape = [g.outputChannels, g.kernelHeight, g.kernelWidth, g.inputChannels / g.groups]
    let weights = addConstant(Tensor(shape, fused.weights), "weights", isInt4: plan.weights.isInt4)
    let bias = addConstant(Tensor([fused.bias.count], fused.bias), "bias")
    let multipliers = addConstant(Tensor([factors.multipliers.count], factors.multipliers), "multipliers")
    let buffer = try output ?? target(plan, encoding(of: plan.output))
    append {
      ConvolutionStep(
        name: $0, input: input, output: buffer, geometry: g, inputZeroPoint: from.zeroPoint, weights: weights,
        bias: bias, multipliers: multipliers, requantization: requantization, residual: residual)
    }
    return buffer
  }

  /// The convolution into a buffer of its own, then an addition.
  private mutating func convolutionThenAdd(
    _ plan: ConvolutionPlan, _ name: String, _ residual: Affine
  ) throws -> BufferID? {
    guard let from = quantized(plan.input), let to = quantized(plan.output) else { return nil }
    // The convolution's part is an output minus a residual: a range that holds all of them.
    let (low, high) = (to.real(-128) - residual.real(127), to.real(127) - residual.real(-128))
    let partScale = (high - low) / 255
    let partZero = Int(min(max((-128 - low / partScale).rounded(), -128), 127))
    guard
      let fused = IntegerWeights(plan, input: from, outputScale: partScale),
      let factors = RequantizationChoice.factors(fused.factors, accumulatorBound: fused.bound),
      let addition = AdditionFactors(a: partScale, b: residual.scale, output: to.scale)
    else { return nil }
    var type = try type(of: plan.output)
    type = TensorType(.int8, plan.outputLayout.memoryShape(of: type.shape))
    let part = temporary(type)
    _ = try emit(
      plan, fused, factors,
      Requantization(preShift: factors.preShift, shift: factors.shift, zeroPoint: partZero, low: -128, high: 127),
      to: part)
    let other = try read(name, as: .int8(residual), in: [plan.outputLayout]).buffer
    let output = try write(plan.output, as: .int8(to), in: plan.outputLayout)
    let clamp = RequantizationChoice.clamp(plan.activation, to)
    append {
      AddStep(
        name: $0, a: part, b: other, output: output,
        walk: Walk(extents: [type.shape.count], strides: [[1], [1], [1]]), zeroPointA: partZero,
        zeroPointB: residual.zeroPoint, multiplierA: addition.a, multiplierB: addition.b,
        requantization: Requantization(
          preShift: 0, shift: addition.shift, zeroPoint: to.zeroPoint, low: clamp.low, high: clamp.high))
    }
    return output
  }
}

/// Integer weights and biases of a convolution, and what bounds its accumulators.
struct IntegerWeights {
  var weights: [Int8]
  /// With −inputZeroPoint · Σw.
  var bias: [Int32]
  /// Real factor from accumulator to output of each channel.
  var factors: [Double]
  /// Largest magnitude of any accumulator over all inputs.
  var bound: Double

  /// nil for float weights and scales that are no numbers.
  init?(_ plan: ConvolutionPlan, input: Affine, outputScale: Float) {
    guard case .int8(var values, let scales) = plan.weights.values else { return nil }
    let depth = plan.weights.depth
    let reach = Double(max(127 - input.zeroPoint, input.zeroPoint + 128))
    bias = []
    factors = []
    bound = 0
    for n in 0..<plan.weights.rows {
      var scale = Double(scales[n])
      guard scale > 0, scale.isFinite, plan.bias[n].isFinite else { return nil }
      let row = n * depth..<(n + 1) * depth
      var integerBias = Double(plan.bias[n]) / (Double(input.scale) * scale)
      // A bias that is too large for its channel's weights: coarser weights make room; dead channels come here too.
      if abs(integerBias) > 0x1p29 {
        let ratio = 0x1p28 / abs(integerBias)
        for k in row { values[k] = Int8((Double(values[k]) * ratio).rounded()) }
        scale /= ratio
        integerBias *= ratio
      }
      integerBias.round()
      var (sum, magnitude) = (0, 0)
      for k in row {
        sum += Int(values[k])
        magnitude += abs(Int(values[k]))
      }
      let factor = Double(input.scale) * scale / Double(outputScale)
      let unit = RequantizationChoice.biasUnit(factor)
      bound = max(bound, abs(integerBias) + unit + Double(magnitude) * reach)
      let stored = ((integerBias - Double(input.zeroPoint) * Double(sum)) / unit).rounded() * unit
      guard bound < 0x1p31, abs(stored) < 0x1p31 else { return nil }
      bias.append(Int32(stored))
      factors.append(factor)
    }
    weights = values
  }
}
