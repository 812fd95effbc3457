import KDCProgram
import KDCTensor

extension StepCases {
  /// The remainders of pairs of numbers.
  package mutating func remainder(_ pairs: [(Float, Float)]) -> Made {
    (program, bytes) = (Program(name: "case"), [])
    let shape: Shape = [pairs.count]
    let a = buffer(.float32, shape, Tensor(shape, pairs.map(\.0)).littleEndianBytes)
    let b = buffer(.float32, shape, Tensor(shape, pairs.map(\.1)).littleEndianBytes)
    program.steps = [
      FloatBinaryStep(
        name: "b", operation: .remainder, a: a, b: b, output: buffer(.float32, shape),
        walk: Walk(extents: shape.dims, strides: [[1], [1], [1]]))
    ]
    return Made(title: "remainders", program: program, memory: Memory(buffers: bytes, constants: []))
  }

  /// A float convolution with ReLU, as it is or by Winograd.
  package mutating func convolution(_ g: ConvolutionGeometry, winograd: Bool = false) -> Made {
    (program, bytes) = (Program(name: "case"), [])
    let direct = FloatConvolutionStep(
      name: "c", input: floats([1, g.inputHeight, g.inputWidth, g.inputChannels]),
      output: buffer(.float32, [1, g.outputHeight, g.outputWidth, g.outputChannels]), geometry: g,
      weights: floatConstant([g.kernelHeight, g.kernelWidth, g.inputChannels / g.groups, g.outputChannels]),
      bias: floatConstant([g.outputChannels]), activation: .relu)
    program.steps = [direct]
    if winograd, let tiled = FloatWinogradStep(direct) { program.steps = [tiled] }
    let memory = Memory(buffers: bytes, constants: program.constants.map { $0.tensor.littleEndianBytes })
    return Made(title: g.title, program: program, memory: memory)
  }

  /// A product of computed matrices.
  package mutating func matMul(batch: Int, rows: Int, columns: Int, depth: Int) -> Made {
    (program, bytes) = (Program(name: "case"), [])
    let step = FloatMatMulStep(
      name: "m", a: floats([batch, rows, depth]), b: floats([batch, depth, columns]),
      output: buffer(.float32, [batch, rows, columns]), batch: batch, rows: rows, columns: columns, depth: depth,
      batchStrideA: rows * depth, batchStrideB: depth * columns, transposedB: false)
    program.steps = [step]
    return Made(title: "\(step)", program: program, memory: Memory(buffers: bytes, constants: []))
  }

  mutating func float(_ kind: String) -> any Step {
    switch kind {
    case "floatUnary":
      let count = size() * size()
      let function = function(FloatFunction.Kind.allCases)
      return FloatUnaryStep(
        name: "u", function: function, input: floats([count], edges: isExtreme),
        output: buffer(.float32, [count]), count: count)
    case "floatBinary":
      let shape = shape()
      let (walk, shapes) = broadcast(shape, operands: 2)
      let operation = pick(FloatBinaryStep.Operation.allCases)
      // Sums, products and quotients that are NaN have other bits on each architecture.
      let isPositive = operation == .divide
      let hasEdges = isExtreme && [.power, .maximum, .minimum].contains(operation)
      return FloatBinaryStep(
        name: "b", operation: operation, a: floats(shapes[0], positive: isPositive, edges: hasEdges),
        b: floats(shapes[1], positive: isPositive, edges: hasEdges), output: buffer(.float32, shape), walk: walk)
    case "floatReduce":
      let (outer, reduced, inner) = (int(1...6), size(), pick([1, size()]))
      return FloatReduceStep(
        name: "r", operation: pick(FloatReduceStep.Operation.allCases), input: floats([outer, reduced, inner]),
        output: buffer(.float32, [outer, inner]), outer: outer, reduced: reduced, inner: inner)
    case "softmax":
      let (outer, count, inner) = (int(1...4), size(), pick([1, int(1...9)]))
      return SoftmaxStep(
        name: "s", input: floats([outer, count, inner]), output: buffer(.float32, [outer, count, inner]), outer: outer,
        count: count, inner: inner, isLog: coin())
    default:
      let (batch, rows, columns, depth) = (int(1...3), pick([1, 2, 3, 4, 7, 9, 16, 29]), size(), size())
      let isTransposed = coin()
      let isShared = coin()
      return FloatMatMulStep(
        name: "m", a: floats([batch, rows, depth]), b: floats([isShared ? 1 : batch, depth, columns]),
        output: buffer(.float32, [batch, rows, columns]), batch: batch, rows: rows, columns: columns, depth: depth,
        batchStrideA: rows * depth, batchStrideB: isShared ? 0 : depth * columns, transposedB: isTransposed)
    }
  }

  mutating func function(_ kinds: [FloatFunction.Kind]) -> FloatFunction {
    let low = Float(int(-100...0)) / 50
    return FloatFunction(pick(kinds), a: low, b: low + Float(int(1...200)) / 50)
  }

  mutating func floatConvolution() -> any Step {
    // Larger ones where values are few.
    let kernels = [(1, 1), (3, 3), (1, 3), (2, 1)]
    let kernel = pick(isExtreme ? kernels + [(5, 5)] : kernels)
    let groups = pick([1, 1, 1, 2, 5])
    let isDepthwise = int(0...3) == 0
    let channels = isDepthwise ? size() : groups * pick(isExtreme ? [1, 2, 3, 8, 13, 20] : [1, 2, 3, 8])
    let outputs = isDepthwise ? channels : groups * size()
    let (height, width) = (int(1...(isExtreme ? 9 : 7)), int(1...(isExtreme ? 19 : 11)))
    let strides = kernel == (1, 1) ? (1, 1) : (int(1...2), int(1...2))
    let (top, left) = (kernel.0 / 2, kernel.1 / 2)
    let output = ((height + 2 * top - kernel.0) / strides.0 + 1, (width + 2 * left - kernel.1) / strides.1 + 1)
    guard output.0 > 0, output.1 > 0, height + 2 * top >= kernel.0, width + 2 * left >= kernel.1 else {
      return floatConvolution()
    }
    let count = isDepthwise ? channels : groups
    let geometry = ConvolutionGeometry(
      input: (height, width, channels), output: (output.0, output.1, outputs), kernel: kernel, strides: strides,
      padTop: top, padLeft: left, groups: count)
    let input = floats([1, height, width, channels])
    let shape: Shape = [1, output.0, output.1, outputs]
    let residual = coin() ? floats(shape) : nil
    return FloatConvolutionStep(
      name: "c", input: input, output: buffer(.float32, shape), geometry: geometry,
      weights: floatConstant([kernel.0, kernel.1, channels / count, outputs]), bias: floatConstant([outputs]),
      residual: residual, activation: function([.identity, .relu, .clip, .silu]))
  }

  /// Tiles of 4 × 4 pixels that are whole, cut, or larger than the image.
  mutating func floatWinograd() -> any Step {
    let (height, width) = (int(1...11), int(1...13))
    let (top, left) = (int(0...1), int(0...1))
    // The image may end before or behind what windows reach.
    let output = (max(1, height + top - int(0...2)), max(1, width + left - int(0...2)))
    let (channels, outputs) = (size(), size())
    let geometry = ConvolutionGeometry(
      input: (height, width, channels), output: (output.0, output.1, outputs), kernel: (3, 3), padTop: top,
      padLeft: left)
    let shape: Shape = [1, output.0, output.1, outputs]
    let direct = FloatConvolutionStep(
      name: "c", input: floats([1, height, width, channels]), output: buffer(.float32, shape), geometry: geometry,
      weights: floatConstant([3, 3, channels, outputs]), bias: floatConstant([outputs]),
      residual: coin() ? floats(shape) : nil, activation: function([.identity, .relu, .clip, .silu]))
    guard let tiled = FloatWinogradStep(direct) else { return direct }
    return tiled
  }

  mutating func recurrent() -> any Step {
    let cell: RecurrentStep.Cell = coin() ? .gru : .lstm
    let gates = cell == .gru ? 3 : 4
    let (steps, inputs, hidden) = (int(1...5), int(1...9), pick([1, 3, 5, 8, 16, 17]))
    let offset = pick([0, hidden])
    let states: Shape = [2, hidden]
    let input = floats([steps, inputs])
    let initialHidden = coin() ? floats(states) : nil
    let initialCell = cell == .lstm && coin() ? floats(states) : nil
    let sequence = buffer(.float32, [steps, hidden])
    let finalHidden = coin() ? buffer(.float32, [hidden]) : nil
    let finalCell = cell == .lstm && coin() ? buffer(.float32, [hidden]) : nil
    let stateOffset = finalHidden == nil && finalCell == nil ? offset : 0
    return RecurrentStep(
      name: "r", cell: cell, input: input, initialHidden: initialHidden, initialCell: initialCell, sequence: sequence,
      finalHidden: finalHidden, finalCell: finalCell, steps: steps, inputSize: inputs, hiddenSize: hidden,
      linearBeforeReset: coin(), reversed: coin(), sequenceOffset: 0, sequenceStride: hidden, stateOffset: stateOffset,
      inputWeights: floatConstant([inputs, gates, hidden]), recurrentWeights: floatConstant([hidden, gates, hidden]),
      inputBias: floatConstant([gates, hidden]), recurrentBias: floatConstant([gates, hidden]))
  }
}
