import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor

/// GRU and LSTM: X [steps, batch, input], W [directions, gates · hidden, input], R [directions, gates · hidden, hidden], B
/// both biases, sequence lengths, initial states.
///
/// Uses that are not of this form (other activation functions, layouts and lengths, clip, peepholes) are compositions.
protocol RecurrentOperator: Expanding, Recurrent, Quantizable, PerSample, Differentiable, MultiplyAccumulating,
  ChannelPassing,
  BatchSized, Trainable
{
  var layer: RecurrentLayer { get }
  var linearBeforeReset: Bool { get }
  static var cell: RecurrentStep.Cell { get }
  /// Whether the cell has what a step does not have, and how it is composed then.
  var isSpecial: Bool { get }
  var composedCell: RecurrentUnrolling.Cell { get }
  /// The inputs that are initial states.
  static var states: [(index: Int, name: String)] { get }
  /// One direction's step: updates the states [batch, hidden], the first of which is the output.
  func step(_ cell: RecurrentLayer.Cell, _ sizes: RecurrentLayer.Sizes, _ states: [UnsafeMutablePointer<Float>])
  /// Fills in what a pass leaves open.
  func backpropagate(_ pass: inout RecurrentPass)
}

extension RecurrentOperator {
  package var quantizationRule: QuantizationRule { .float }

  package func isExpanded(_ inputs: [OperatorInput?]) -> Bool { layer.isBatchFirst || !hasOwnForm(inputs) }

  /// Whether steps of programs compute it, but for the layout.
  private func hasOwnForm(_ inputs: [OperatorInput?]) -> Bool {
    guard layer.isPlain, !isSpecial else { return false }
    guard inputs.count > 4, let lengths = inputs[4] else { return true }
    let axis = layer.isBatchFirst ? 1 : 0
    guard let x = inputs[0]?.type.shape, x.rank == 3 else { return true }
    return lengths.constant?.integers == [Int](repeating: x[axis], count: x[1 - axis])
  }

  package func expand(_ inputs: [OperatorInput?], into expansion: inout Expansion) throws(Diagnostic) {
    guard hasOwnForm(inputs) else {
      let unrolling = RecurrentUnrolling(cell: composedCell, layer: layer, states: Self.states)
      return try finish(inputs, unrolling.expand(self, inputs, &expansion), &expansion)
    }
    var operands = expansion.inputs
    if operands.count > 4 { operands[4] = nil }
    for index in [0, 5, 6] where index < operands.count {
      guard let name = operands[index] else { continue }
      guard expansion.shape(of: name).rank == 3 else { throw shapeMismatch("input \(index) must have rank 3") }
      operands[index] = try expansion.transpose(name, [1, 0, 2])
    }
    var attributes: [String: Attribute] = ["direction": .string(layer.direction.rawValue)]
    if linearBeforeReset { attributes["linear_before_reset"] = .int(1) }
    var outputs = try expansion.add(Self.onnxName, operands, attributes, outputs: Self.states.count + 1)
    outputs[0] = try expansion.transpose(outputs[0], [2, 0, 1, 3])
    for index in 1..<outputs.count { outputs[index] = try expansion.transpose(outputs[index], [1, 0, 2]) }
    expansion.outputs = outputs
  }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    if isExpanded(inputs) { return try expandedTypes(inputs) }
    return layer.outputTypes(try layer.sizes(self, inputs, states: Self.states), states: Self.states.count)
  }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    if isExpanded(inputs.map { tensor in tensor.map { OperatorInput(type: $0.type, constant: $0) } }) {
      return try evaluateExpanded(inputs)
    }
    return try layer.run(inputs, states: Self.states.map(\.index), step: step)
  }

  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    try layer.gradients(
      inputs: inputs, outputs: outputs, outputGradients: outputGradients, wanted: wanted,
      states: Self.states.map(\.index), cell: backpropagate)
  }

  package func multiplyAccumulates(_ inputs: [Shape?], output: Shape) -> Int {
    guard let input = inputs[0], let weights = inputs[1], let recurrent = inputs[2], input.rank == 3 else { return 0 }
    return input[0] * input[1] * (weights.count + recurrent.count)
  }

  package func sampleAxes(_ node: Node, in lowering: Lowering) throws -> SampleAxes? {
    let axes: [Int: Int] = [0: 1, 4: 0, 5: 1, 6: 1]
    return SampleAxes(
      inputs: node.inputs.indices.map { axes[$0] }, outputs: node.outputs.indices.map { $0 == 0 ? 2 : 1 },
      count: try lowering.shape(of: node.inputs[0])[1])
  }

  /// One step a direction, of one sequence.
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let x = try lowering.shape(of: node.inputs[0])
    let (steps, inputSize) = (x[0], x[2])
    if node.input(4) != nil {
      guard let lengths = lowering.integers(node, 4), lengths.allSatisfy({ $0 == steps }) else {
        throw cannotLower(node, "with sequence lengths other than the whole sequence")
      }
    }
    guard let w = lowering.floatConstant(node.inputs[1]), let weights = w.floats,
      let recurrent = lowering.floatConstant(node.inputs[2])?.floats
    else { throw cannotLower(node, "with weights that are computed from data") }
    let directions = w.shape[0]
    let hidden = w.shape[1] / layer.gates
    let lanes = layer.gates * hidden
    let biases = try bias(node, 3, count: directions * 2 * lanes, lowering)
    let input = try lowering.read(node.inputs[0], as: .native, in: [.rowMajor]).buffer
    let initialHidden = try node.input(5).map { try lowering.read($0, as: .native, in: [.rowMajor]).buffer }
    let initialCell = try node.input(6).map { try lowering.read($0, as: .native, in: [.rowMajor]).buffer }
    var outputs: [BufferID?] = [nil, nil, nil]
    for (index, name) in node.outputs.prefix(3).enumerated() where lowering.isUsed(name) {
      outputs[index] = try lowering.write(name, as: .native, in: .rowMajor)
    }
    for d in 0..<directions {
      func transposed(_ values: [Float], _ columns: Int) -> [Float] {
        (0..<columns).flatMap { i in (0..<lanes).map { values[(d * lanes + $0) * columns + i] } }
      }
      let inputWeights = lowering.addConstant(
        Tensor([inputSize, lanes], transposed(weights, inputSize)), "inputWeights")
      let recurrentWeights = lowering.addConstant(
        Tensor([hidden, lanes], transposed(recurrent, hidden)), "recurrentWeights")
      let start = d * 2 * lanes
      let inputBias = lowering.addConstant(Tensor([lanes], Array(biases[start..<start + lanes])), "inputBias")
      let recurrentBias = lowering.addConstant(
        Tensor([lanes], Array(biases[start + lanes..<start + 2 * lanes])), "recurrentBias")
      lowering.append {
        RecurrentStep(
          name: $0, cell: Self.cell, input: input, initialHidden: initialHidden, initialCell: initialCell,
          sequence: outputs[0], finalHidden: outputs[1], finalCell: outputs[2], steps: steps, inputSize: inputSize,
          hiddenSize: hidden, linearBeforeReset: linearBeforeReset, reversed: layer.direction == .reverse || d == 1,
          sequenceOffset: d * hidden, sequenceStride: directions * hidden, stateOffset: d * hidden,
          inputWeights: inputWeights, recurrentWeights: recurrentWeights, inputBias: inputBias,
          recurrentBias: recurrentBias)
      }
    }
  }
}

extension RecurrentOperator {
  /// Hidden unit h is row h of every gate and column h of R.
  package func trace(_ node: Node, in trace: inout ChannelTrace) throws {
    let (input, weights, recurrent) = (node.inputs[0], node.inputs[1], node.inputs[2])
    guard trace.isWeight(weights), trace.isWeight(recurrent), node.input(3) == nil || trace.isWeight(node.input(3)),
      node.input(4) == nil
    else { return trace.giveUp() }
    let (x, w, r) = (trace.labels(of: input), trace.labels(of: weights), trace.labels(of: recurrent))
    for axis in [x[0], x[1], w[0], r[0]] { trace.pin(axis) }
    trace.unify(x[2], w[2])
    let hidden = r[2]
    for rows in [w[1], r[1]] { trace.repeats(hidden, in: rows) }
    trace.use(weights, 2, .consumer, summing: (input, 2))
    trace.use(weights, 1, .producer)
    trace.use(recurrent, 1, .perChannel)
    trace.use(recurrent, 2, .consumer)
    if let bias = node.input(3) {
      let labels = trace.labels(of: bias)
      trace.pin(labels[0])
      trace.repeats(hidden, in: labels[1])
      trace.use(bias, 1, .perChannel)
    }
    for state in [5, 6] {
      guard let name = node.input(state) else { continue }
      let own = trace.labels(of: name)
      for axis in own.dropLast() { trace.pin(axis) }
      trace.unify(own.last ?? nil, hidden)
      if trace.isWeight(name) { trace.use(name, 2, .perChannel) }
    }
    for output in node.outputs where !output.isEmpty {
      let rank = trace.shape(of: output).rank
      trace.labels[output] = [AxisLabels](repeating: nil, count: max(0, rank - 1)) + [hidden]
    }
  }

  package func recount(_ node: inout Node, in removal: inout ChannelRemoval) throws {
    guard node.attributes["hidden_size"] != nil else { return }
    node.attributes["hidden_size"] = .int(Int64(removal.size(node.inputs[2], 2)))
  }
}

extension RecurrentOperator {
  package func grow(_ index: Int, in repair: inout BatchRepair) throws {
    repair.grow(index, input: 4, axis: 0)
    for state in 5...6 { repair.grow(index, input: state, axis: 1) }
  }

  /// Uniform in ± 1 / √hidden.
  package func parameters(_ shapes: [Shape?]) -> [LayerParameter] {
    let hidden = shapes[2]?.dims.last ?? 0
    return (1...3).map { LayerParameter($0, hidden > 0 ? .uniform(1 / Double(hidden).squareRoot()) : nil) }
  }
}
