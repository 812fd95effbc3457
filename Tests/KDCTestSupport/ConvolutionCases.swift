import KDCProgram
import KDCTensor

/// Random convolution steps with their data, for kernel tests.
package struct ConvolutionCases {
  package var generator: SeededGenerator
  package init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  /// How the values are drawn: evenly, or only from the ends of their ranges.
  package enum Values: CaseIterable, Sendable { case even, extreme }

  package mutating func int8s(_ count: Int, _ range: ClosedRange<Int>, _ values: Values) -> [UInt8] {
    let ends = [range.lowerBound, range.upperBound, 0]
    return (0..<count).map { _ in
      let value =
        values == .even ? Int.random(in: range, using: &generator) : ends.randomElement(using: &generator) ?? 0
      return UInt8(truncatingIfNeeded: value)
    }
  }

  package mutating func int32s(_ count: Int, _ range: ClosedRange<Int32>, _ values: Values) -> [Int32] {
    let ends = [range.lowerBound, range.upperBound]
    return (0..<count).map { _ in
      values == .even ? Int32.random(in: range, using: &generator) : ends.randomElement(using: &generator) ?? 0
    }
  }

  /// A random 3×3 convolution of stride 1: odd sizes, every pad, few and many channels.
  private mutating func winogradGeometry() -> ConvolutionGeometry {
    func pick(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }
    let output = (height: pick(1...13), width: pick(1...13))
    let (top, left, bottom, right) = (pick(0...2), pick(0...2), pick(0...2), pick(0...2))
    let channels = [pick(1...20), pick(1...20), 16, 24, 33, 64, 70].randomElement(using: &generator) ?? 1
    let outputs = [pick(1...20), pick(1...20), 16, 32, 37, 64].randomElement(using: &generator) ?? 1
    return ConvolutionGeometry(
      input: (max(1, output.height + 2 - top - bottom), max(1, output.width + 2 - left - right), channels),
      output: (output.height, output.width, outputs), kernel: (3, 3), padTop: top, padLeft: left)
  }

  /// A convolution for Winograd's kernels: values that are even, or extreme with biases such that sums reach the ends of
  /// the range that they take.
  package mutating func makeWinograd(_ index: Int) -> (program: Program, memory: Memory, title: String) {
    let g = winogradGeometry()
    let sum = Int32(9 * g.inputChannels * 127 * 128)
    let values: Values = index % 3 == 0 ? .extreme : .even
    let made = make(
      g, residual: index % 4 == 1, values: values, int4: index % 16 == 5,
      largestBias: values == .extreme ? (1 << 25) - 1 - sum : min(sum / 4, (1 << 25) - 1 - sum))
    return (made.program, made.memory, g.title)
  }

  /// A program of one convolution with data in `memory`: buffers input, output, residual. Biases are at most
  /// `largestBias` in magnitude where that is given, and else anything that the values call for.
  package mutating func make(
    _ geometry: ConvolutionGeometry, residual: Bool, values: Values, preShift: Bool? = nil, int4: Bool = false,
    largestBias: Int32? = nil
  ) -> (program: Program, memory: Memory) {
    let g = geometry
    let taps = g.kernelHeight * g.kernelWidth * (g.inputChannels / g.groups)
    let n = g.outputChannels
    let outputs = g.outputHeight * g.outputWidth * n
    // Magnitudes such that results spread over int8 (even) or saturate everywhere (extreme).
    let largest = int4 ? 8.0 : 127
    let sum = values == .even ? 43 * largest * Double(taps).squareRoot() : 128 * largest * Double(taps)
    let before =
      (preShift ?? (Int.random(in: 0...3, using: &generator) == 0)) ? Int.random(in: 1...6, using: &generator) : 0
    let wanted = (sum * Double(1 << before) / 128).exponentRounded
    let shift = residual ? max(2, min(14, wanted)) : before > 0 && wanted < 4 ? 0 : max(0, min(16, wanted))
    let bias = Int32(min(sum, 2e9 / Double(1 << before)))
    var low = -128
    var high = 127
    if Bool.random(using: &generator) {
      low = Int.random(in: -128...0, using: &generator)
      high = Int.random(in: 1...127, using: &generator)
    }
    var step = ConvolutionStep(
      name: "conv", input: BufferID(0), output: BufferID(1), geometry: g,
      inputZeroPoint: Int.random(in: -128...127, using: &generator), weights: ConstantID(0), bias: ConstantID(1),
      multipliers: ConstantID(2),
      requantization: Requantization(
        preShift: before, shift: shift, zeroPoint: Int.random(in: -128...127, using: &generator), low: low, high: high))
    if residual {
      step.residual = ConvolutionStep.Residual(
        buffer: BufferID(2), zeroPoint: Int.random(in: -128...127, using: &generator),
        multiplier: values == .even
          ? Int.random(in: -(1 << min(shift, 14))...(1 << min(shift, 14)), using: &generator)
          : [-32768, 32767][Int.random(in: 0...1, using: &generator)])
    }
    var program = Program(name: "case")
    let input: Shape = [1, g.inputHeight, g.inputWidth, g.inputChannels]
    let output: Shape = [1, g.outputHeight, g.outputWidth, n]
    program.buffers = [
      Buffer(name: "x", dataType: .int8, shape: input), Buffer(name: "y", dataType: .int8, shape: output),
    ]
    if residual { program.buffers.append(Buffer(name: "r", dataType: .int8, shape: output)) }
    let weights = int8s(n * taps, int4 ? -8...7 : -127...127, values)
    // Sums are modulo 2^32: extreme cases wrap.
    let biases: [Int32]
    if let largestBias {
      biases = int32s(n, -largestBias...largestBias, values)
    } else if values == .even {
      biases = int32s(n, -bias...bias, values)
    } else {
      biases = (0..<n).map { _ in [Int32.min, Int32.max, 0, bias, -bias].randomElement(using: &generator) ?? 0 }
    }
    let multipliers = int32s(n, values == .even ? (1 << 30)...Int32.max : 1...Int32.max, values)
    program.constants = [
      Constant(
        name: "w",
        tensor: Tensor(
          [n, g.kernelHeight, g.kernelWidth, g.inputChannels / g.groups], weights.map { Int8(bitPattern: $0) }),
        isInt4: int4),
      Constant(name: "b", tensor: Tensor([n], biases)), Constant(name: "m", tensor: Tensor([n], multipliers)),
    ]
    program.steps = [step]
    let memory = Memory(
      buffers: [int8s(input.count, -128...127, values), [UInt8](repeating: 0, count: outputs)]
        + (residual ? [int8s(outputs, -128...127, values)] : []),
      constants: [
        weights, biases.withUnsafeBytes { Array($0) }, multipliers.withUnsafeBytes { Array($0) },
      ])
    return (program, memory)
  }

  /// The same for 7-bit arithmetic: weights within ±`weight`, inputs in −64...63, which a step before states.
  package mutating func makeNarrow(
    _ geometry: ConvolutionGeometry, residual: Bool, values: Values, weight: Int
  ) -> (program: Program, memory: Memory) {
    var (program, memory) = make(geometry, residual: residual, values: values)
    guard var step = program.steps[0] as? ConvolutionStep else { return (program, memory) }
    let input = program.buffers[0].shape
    step.inputZeroPoint = Int.random(in: -64...63, using: &generator)
    program.buffers.append(Buffer(name: "f", dataType: .float32, shape: input))
    program.steps = [
      QuantizeStep(
        name: "q", input: BufferID(program.buffers.count - 1), output: BufferID(0),
        walk: Walk(extents: [input.count], strides: [[1], [1]]), inverseScale: 1, zeroPoint: 0, limits: -64...63), step,
    ]
    let weights = int8s(program.constants[0].tensor.count, -weight...weight, values)
    program.constants[0].tensor = Tensor(program.constants[0].tensor.shape, weights.map { Int8(bitPattern: $0) })
    var buffers = memory.buffers + [[]]
    buffers[0] = int8s(input.count, -64...63, values)
    return (program, Memory(buffers: buffers, constants: [weights] + memory.constants.dropFirst()))
  }

  /// A random geometry: windows, strides, dilations and pads of every kind on small images.
  package mutating func geometry(depthwise: Bool = false, grouped: Bool = false) -> ConvolutionGeometry {
    func pick(_ list: [Int]) -> Int { list.randomElement(using: &generator) ?? 1 }
    let point = !depthwise && Int.random(in: 0..<3, using: &generator) == 0
    let kernel = point ? (height: 1, width: 1) : (height: pick([1, 2, 3, 3, 5]), width: pick([1, 2, 3, 3, 5, 7]))
    let strides = (y: pick([1, 1, 2, 3]), x: pick([1, 1, 2]))
    let dilations = point ? (y: 1, x: 1) : (y: pick([1, 1, 2]), x: pick([1, 1, 1, 2]))
    let groups = depthwise ? pick([2, 3, 7, 8, 12, 16, 19, 24, 32, 35, 48]) : grouped ? pick([2, 3, 4]) : 1
    let perGroup = depthwise ? 1 : pick([1, 3, 4, 7, 8, 9, 16, 17, 24, 31, 32, 40, 48, 70])
    let outPerGroup = depthwise ? 1 : pick(grouped ? [4, 8, 12, 3] : [1, 2, 3, 4, 5, 8, 10, 16, 19, 32, 33])
    let top = point ? 0 : Int.random(in: 0...(kernel.height - 1) * dilations.y, using: &generator)
    let left = point ? 0 : Int.random(in: 0...(kernel.width - 1) * dilations.x, using: &generator)
    let output = (height: Int.random(in: 1...9, using: &generator), width: Int.random(in: 1...17, using: &generator))
    // The input ends inside the last window: anything from no pad to a full one after the image.
    let span = (
      height: (output.height - 1) * strides.y + (kernel.height - 1) * dilations.y + 1,
      width: (output.width - 1) * strides.x + (kernel.width - 1) * dilations.x + 1
    )
    let bottom = point ? 0 : Int.random(in: 0...(kernel.height - 1) * dilations.y, using: &generator)
    let right = point ? 0 : Int.random(in: 0...(kernel.width - 1) * dilations.x, using: &generator)
    return ConvolutionGeometry(
      input: (max(1, span.height - top - bottom), max(1, span.width - left - right), groups * perGroup),
      output: (output.height, output.width, groups * outPerGroup), kernel: kernel, strides: strides,
      dilations: dilations, padTop: top, padLeft: left, groups: groups)
  }
}

extension Double {
  /// The exponent of the nearest power of two.
  fileprivate var exponentRounded: Int { self <= 1 ? 0 : Int(exponent) }
}

extension ConvolutionGeometry {
  package var title: String {
    "[\(inputHeight),\(inputWidth),\(inputChannels)] to [\(outputHeight),\(outputWidth),\(outputChannels)] "
      + "kernel \(kernelHeight)x\(kernelWidth) strides \(strideY),\(strideX) dilations \(dilationY),\(dilationX) "
      + "pads \(padTop),\(padLeft) groups \(groups)"
  }
}
