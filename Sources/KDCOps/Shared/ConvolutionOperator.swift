import KDCDiagnostics
import KDCGraph
import KDCTensor

/// activation(Conv(X, W, B) + Z) of X [N, C, spatial…], W [M, C / group, kernel…], B [M] and the residual Z of the output's
/// shape: Conv, which has neither activation nor residual, and FusedConv.
protocol ConvolutionOperator: ParallelOperator, Quantizable, PerSample, Differentiable, MultiplyAccumulating,
  ChannelPassing, Trainable
{
  var window: SpatialWindow { get }
  var group: Int { get }
  var activation: FusedActivation { get }
}

extension ConvolutionOperator {
  package static var sampledOperands: [Int] { [0, 3] }
  package var quantizationRule: QuantizationRule { .integer }
  package func parameters(_ shapes: [Shape?]) -> [LayerParameter] { LayerParameter.kernel(shapes[1]) }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    try convolutionTypes(inputs)
  }

  func convolutionTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let x = try requiredFloat(inputs, 0, "X")
    let w = try requiredFloat(inputs, 1, "W")
    guard w.rank == x.rank, x.rank >= 3 else {
      throw shapeMismatch("X \(x) and W \(w) must have one rank, 3 or more")
    }
    guard x[1] % group == 0, w[0] % group == 0, w[1] == x[1] / group else {
      throw shapeMismatch(
        "X \(x) has \(x[1]) channels in \(group) group(s), but W \(w) is for \(w[1]) channels a group and makes \(w[0])"
      )
    }
    if let b = try optionalFloat(inputs, 2, "B"), b.dims != [w[0]] {
      throw shapeMismatch("B \(b) must be [\(w[0])], one value for each output channel of W \(w)")
    }
    let axes = try window.resolve(self, input: x, kernel: Array(w.dims[2...]))
    let y = Shape([x[0], w[0]] + axes.map(\.output))
    if let z = try optionalFloat(inputs, 3, "Z"), z != y {
      throw shapeMismatch("Z \(z) must have the output's shape \(y)")
    }
    return [TensorType(.float32, y)]
  }

  func geometry(_ x: Shape, _ w: Shape) throws(Diagnostic) -> (geometry: ImageGeometry, output: Shape) {
    let axes = try window.resolve(self, input: x, kernel: Array(w.dims[2...]))
    let geometry = ImageGeometry(
      batch: x[0], inputChannels: x[1], outputChannels: w[0], groups: group, y: axes.planar.y,
      x: axes.planar.x)
    return (geometry, Shape([x[0], w[0]] + axes.map(\.output)))
  }

  package func evaluate(_ inputs: [Tensor?], threads: Threads) throws -> [Tensor] {
    let operands = inputs.map { tensor in tensor.map { OperatorInput(type: $0.type, constant: nil) } }
    if let composed = self as? any Expanding, composed.isExpanded(operands) {
      return try composed.evaluateExpanded(inputs)
    }
    let (x, w) = (try inputs.floats(0), try inputs.floats(1))
    let (geometry, output) = try geometry(x.shape, w.shape)
    let epilogue = Convolution.Epilogue(
      residual: try inputs.optionalFloats(3), low: activation.bounds.low, high: activation.bounds.high)
    let values = Convolution.forward(
      x.values, weights: w.values, bias: try inputs.optionalFloats(2), epilogue: epilogue, geometry, threads: threads)
    return [Tensor(output, values)]
  }

  package func multiplyAccumulates(_ inputs: [Shape?], output: Shape) -> Int {
    guard let weights = inputs[1], weights.rank >= 2, weights[0] > 0 else { return 0 }
    return output.count * (weights.count / weights[0])
  }

  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    guard let gradient = try outputGradients.gradient() else { return .none(inputs.count) }
    let (x, w) = (try inputs.floats(0), try inputs.floats(1))
    let found = Convolution.gradients(
      input: x.values, weights: w.values, outputGradient: gradient,
      output: activation == .none ? nil : try outputs.floats(0).values, low: activation.bounds.low,
      high: activation.bounds.high, try geometry(x.shape, w.shape).geometry,
      wanted: Convolution.Wanted(
        input: wanted.at(0), weights: wanted.at(1), bias: wanted.at(2) && inputs.optional(2) != nil,
        residual: wanted.at(3) && inputs.optional(3) != nil))
    return zip(inputs, [found.input, found.weights, found.bias, found.residual]).map { input, values in
      values.flatMap { values in input.map { Tensor($0.shape, values) } }
    }
  }

  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let x = try lowering.shape(of: node.inputs[0])
    let w = try lowering.shape(of: node.inputs[1])
    let axes = try window.resolve(self, input: x, kernel: Array(w.dims[2...]))
    let (channels, perGroup, taps) = (w[0], w[1], w.dims[2...].reduce(1, *))
    guard let stored = ConvolutionWeights(node.inputs[1], rows: channels, in: lowering) else {
      throw cannotLower(node, "with weights that are computed from data")
    }
    // [O, I, taps] to [O, taps, I].
    let order = (0..<channels).flatMap { n in
      (0..<taps).flatMap { tap in (0..<perGroup).map { (n * perGroup + $0) * taps + tap } }
    }
    let weights = perGroup == 1 || taps == 1 ? stored : stored.picked(order, rowOrigins: Array(0..<channels))
    try lowering.convolution(
      ConvolutionPlan(
        input: node.inputs[0], output: node.outputs[0], residual: node.input(3),
        geometry: StepGeometry(axes, inputs: x[1], outputs: channels, groups: group),
        weights: weights, bias: try bias(node, 2, count: channels, lowering), activation: activation.function))
  }
}

extension Operator {
  /// A constant bias, zeros where absent.
  func bias(_ node: Node, _ index: Int, count: Int, _ lowering: Lowering) throws -> [Float] {
    guard let name = node.input(index) else { return [Float](repeating: 0, count: count) }
    guard let values = lowering.floatConstant(name)?.floats, values.count == count else {
      throw cannotLower(node, "with a bias that is computed from data")
    }
    return values
  }
}

extension ConvolutionOperator {
  /// In grouped convolutions a channel goes in every group at the same place, so that all groups stay equally large; in
  /// depthwise ones a channel is its own group.
  package func trace(_ node: Node, in trace: inout ChannelTrace) throws {
    let (input, weights) = (node.inputs[0], node.inputs[1])
    guard trace.isWeight(weights) else { return trace.giveUp() }
    let (x, w, shape) = (trace.labels(of: input), trace.labels(of: weights), trace.shape(of: weights))
    for axis in 2..<shape.rank {
      trace.pin(x[axis])
      trace.pin(w[axis])
    }
    if group > 1, shape[1] == 1 {
      guard let channels = x[1], let outputs = w[0] else {
        trace.pin(x[1])
        trace.pin(w[0])
        return trace.finish(node, [AxisLabels](repeating: nil, count: shape.rank))
      }
      let multiplier = max(1, shape[0] / group)
      for (position, atom) in outputs.enumerated() { trace.atoms.union(atom, channels[position / multiplier]) }
      trace.use(weights, 0, .perChannel)
    } else {
      if group == 1 {
        trace.unify(x[1], w[1])
      } else {
        trace.repeats(w[1], in: x[1])
        trace.repeats(w[0].map { Array($0.prefix(max(1, $0.count / group))) }, in: w[0])
      }
      trace.use(weights, 1, .consumer, summing: (input, 1))
      trace.use(weights, 0, .producer)
    }
    trace.bias(node.input(2), w[0])
    trace.finish(node, [x[0], w[0]] + [AxisLabels](repeating: nil, count: shape.rank - 2))
  }

  package func recount(_ node: inout Node, in removal: inout ChannelRemoval) throws {
    removal.recountGroups(group, of: &node)
  }
}

extension ChannelRemoval {
  /// The groups of a depthwise convolution are its channels.
  func recountGroups(_ group: Int, of node: inout Node) {
    guard group > 1, shape(of: node.inputs[1])[1] == 1 else { return }
    node.attributes["group"] = .int(Int64(size(node.inputs[0], 1)))
  }
}
