import KDCGraph
import KDCProgram
import KDCTensor

extension Operator {
  /// GRU and LSTM of batch 1: one step a direction. W, R [directions, gates · hidden, ·], B both biases.
  func lowerRecurrent(_ node: Node, _ cell: RecurrentStep.Cell, into lowering: inout Lowering) throws {
    let gates = cell == .gru ? 3 : 4
    let x = try lowering.shape(of: node.inputs[0])
    let isBatchFirst = try node.int("layout", default: 0) == 1
    let (steps, batch, inputSize) = (x[isBatchFirst ? 1 : 0], x[isBatchFirst ? 0 : 1], x[2])
    guard batch == 1 else {
      throw cannotLower(node, "of \(batch) sequences", hint: "export the model with batch size 1")
    }
    if node.input(4) != nil {
      guard let lengths = lowering.integers(node, 4), lengths.allSatisfy({ $0 == steps }) else {
        throw cannotLower(node, "with sequence lengths other than the whole sequence")
      }
    }
    if cell == .lstm, node.input(7) != nil { throw cannotLower(node, "with peepholes") }
    if try node.optionalFloat("clip") != nil { throw cannotLower(node, "with the attribute clip") }
    guard let w = lowering.floatConstant(node.inputs[1]), let weights = w.floats,
      let recurrent = lowering.floatConstant(node.inputs[2])?.floats
    else { throw cannotLower(node, "with weights that are computed from data") }
    let directions = w.shape[0]
    let hidden = w.shape[1] / gates
    let lanes = gates * hidden
    let biases = try bias(node, 3, count: directions * 2 * lanes, lowering)
    let direction = try node.optionalString("direction") ?? "forward"

    let input = try lowering.read(node.inputs[0], as: .native, in: [.rowMajor]).buffer
    let initialHidden = try node.input(5).map { try lowering.read($0, as: .native, in: [.rowMajor]).buffer }
    let initialCell =
      cell == .lstm ? try node.input(6).map { try lowering.read($0, as: .native, in: [.rowMajor]).buffer } : nil
    var outputs: [BufferID?] = [nil, nil, nil]
    for (index, name) in node.outputs.prefix(3).enumerated() where lowering.isUsed(name) {
      outputs[index] = try lowering.write(name, as: .native, in: .rowMajor)
    }
    let isLinear = cell == .gru ? try node.int("linear_before_reset", default: 0) != 0 : false
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
          name: $0, cell: cell, input: input, initialHidden: initialHidden, initialCell: initialCell,
          sequence: outputs[0], finalHidden: outputs[1], finalCell: outputs[2], steps: steps, inputSize: inputSize,
          hiddenSize: hidden, linearBeforeReset: isLinear, reversed: direction == "reverse" || d == 1,
          sequenceOffset: d * hidden, sequenceStride: directions * hidden, stateOffset: d * hidden,
          inputWeights: inputWeights, recurrentWeights: recurrentWeights, inputBias: inputBias,
          recurrentBias: recurrentBias)
      }
    }
  }
}
