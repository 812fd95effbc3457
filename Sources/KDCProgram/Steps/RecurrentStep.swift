/// A GRU or LSTM layer over a whole static sequence in one direction, float32, batch 1. ONNX `GRU`, `LSTM`.
///
/// Weights are transposed so that lanes are gate rows: `inputWeights` [inputSize, gates · hidden], `recurrentWeights`
/// [hidden, gates · hidden]; `inputBias` and `recurrentBias` [gates · hidden]; gate order as in ONNX (GRU: z r h;
/// LSTM: i o f c). Every sum starts from its bias and runs over its index ascending, one rounding per operation:
///
///     gx = inputBias + Σ_i x_t[i] · W[i],   gh = recurrentBias + Σ_j h[j] · R[j]
///     GRU:  z = σ(gx_z + gh_z), r = σ(gx_r + gh_r)
///           linearBeforeReset: n = tanh(gx_h + r · gh_h)
///           otherwise: n = tanh(gx_h + (recurrentBias_h + Σ_j (r[j] · h[j]) · R_h[j]))
///           h = (1 − z) · n + z · h
///     LSTM: i = σ(gx_i + gh_i), o = σ(gx_o + gh_o), f = σ(gx_f + gh_f), g = tanh(gx_c + gh_c)
///           c = f · c + i · g;  h = o · tanh(c)
///
/// σ and tanh are `FloatFunction`'s. `sequence` [steps, hidden] receives every h at `sequenceOffset` + t · `sequenceStride`
/// (elements); `reversed` walks t downwards. `finalHidden`, `finalCell` receive the last state.
package struct RecurrentStep: Step {
  package static let kind = "recurrent"
  package enum Cell: String, Sendable, Codable { case gru, lstm }
  package var name: String
  package var cell: Cell
  package var input: BufferID
  package var initialHidden: BufferID?
  package var initialCell: BufferID?
  package var sequence: BufferID?
  package var finalHidden: BufferID?
  package var finalCell: BufferID?
  package var steps, inputSize, hiddenSize: Int
  package var linearBeforeReset: Bool
  package var reversed: Bool
  package var sequenceOffset, sequenceStride: Int
  /// Offsets in elements of this direction's state in the state buffers.
  package var stateOffset: Int
  package var inputWeights: ConstantID
  package var recurrentWeights: ConstantID
  package var inputBias: ConstantID
  package var recurrentBias: ConstantID

  package init(
    name: String, cell: Cell, input: BufferID, initialHidden: BufferID?, initialCell: BufferID?, sequence: BufferID?,
    finalHidden: BufferID?, finalCell: BufferID?, steps: Int, inputSize: Int, hiddenSize: Int,
    linearBeforeReset: Bool, reversed: Bool, sequenceOffset: Int, sequenceStride: Int, stateOffset: Int,
    inputWeights: ConstantID, recurrentWeights: ConstantID, inputBias: ConstantID, recurrentBias: ConstantID
  ) {
    self.name = name
    self.cell = cell
    self.input = input
    self.initialHidden = initialHidden
    self.initialCell = initialCell
    self.sequence = sequence
    self.finalHidden = finalHidden
    self.finalCell = finalCell
    self.steps = steps
    self.inputSize = inputSize
    self.hiddenSize = hiddenSize
    self.linearBeforeReset = linearBeforeReset
    self.reversed = reversed
    self.sequenceOffset = sequenceOffset
    self.sequenceStride = sequenceStride
    self.stateOffset = stateOffset
    self.inputWeights = inputWeights
    self.recurrentWeights = recurrentWeights
    self.inputBias = inputBias
    self.recurrentBias = recurrentBias
  }
  package var reads: [BufferID] { [input] + [initialHidden, initialCell].compactMap { $0 } }
  package var writes: [BufferID] { [sequence, finalHidden, finalCell].compactMap { $0 } }
  package var constants: [ConstantID] { [inputWeights, recurrentWeights, inputBias, recurrentBias] }
  package var macs: Int { steps * (inputSize + hiddenSize) * hiddenSize * (cell == .gru ? 3 : 4) }
}

extension RecurrentStep {
  private var gates: Int { cell == .gru ? 3 : 4 }

  package var detail: String {
    "\(cell.rawValue) \(steps) steps [\(inputSize)] → [\(hiddenSize)]\(reversed ? " backwards" : "")"
  }

  package func run(_ memory: inout Memory) {
    let x = UnsafePointer(memory.pointer(input, as: Float.self))
    let hidden = hiddenSize
    var h = [Float](repeating: 0, count: hidden)
    var c = [Float](repeating: 0, count: hidden)
    if let initialHidden {
      let p = memory.pointer(initialHidden, as: Float.self) + stateOffset
      for j in 0..<hidden { h[j] = p[j] }
    }
    if let initialCell {
      let p = memory.pointer(initialCell, as: Float.self) + stateOffset
      for j in 0..<hidden { c[j] = p[j] }
    }
    let outputs = sequence.map { memory.pointer($0, as: Float.self) + sequenceOffset }
    let w = memory.pointer(inputWeights, as: Float.self)
    let r = memory.pointer(recurrentWeights, as: Float.self)
    let bias = memory.pointer(inputBias, as: Float.self)
    let recurrentBias = memory.pointer(recurrentBias, as: Float.self)
    var gx = [Float](repeating: 0, count: gates * hidden)
    var gh = gx
    for step in 0..<steps {
      let t = reversed ? steps - 1 - step : step
      Self.accumulate(&gx, bias, w, vector: x + t &* inputSize, count: inputSize, lanes: 0..<gates * hidden)
      h.withUnsafeBufferPointer { h in
        guard let base = h.baseAddress else { return }
        let lanes = 0..<(cell == .gru && !linearBeforeReset ? 2 : gates) * hidden
        Self.accumulate(&gh, recurrentBias, r, vector: base, count: hidden, lanes: lanes)
      }
      switch cell {
      case .gru: updateGRU(&h, gx, &gh, r, recurrentBias)
      case .lstm:
        for j in 0..<hidden {
          let i = FloatMath.sigmoid(gx[j] + gh[j])
          let o = FloatMath.sigmoid(gx[hidden + j] + gh[hidden + j])
          let f = FloatMath.sigmoid(gx[2 * hidden + j] + gh[2 * hidden + j])
          let g = FloatMath.tanh(gx[3 * hidden + j] + gh[3 * hidden + j])
          c[j] = f * c[j] + i * g
          h[j] = o * FloatMath.tanh(c[j])
        }
      }
      if let outputs { for j in 0..<hidden { outputs[t &* sequenceStride &+ j] = h[j] } }
    }
    if let finalHidden {
      let p = memory.pointer(finalHidden, as: Float.self) + stateOffset
      for j in 0..<hidden { p[j] = h[j] }
    }
    if let finalCell {
      let p = memory.pointer(finalCell, as: Float.self) + stateOffset
      for j in 0..<hidden { p[j] = c[j] }
    }
  }

  private func updateGRU(
    _ h: inout [Float], _ gx: [Float], _ gh: inout [Float], _ r: UnsafePointer<Float>,
    _ recurrentBias: UnsafePointer<Float>
  ) {
    let hidden = hiddenSize
    if !linearBeforeReset {
      var reset = h
      for j in 0..<hidden { reset[j] = FloatMath.sigmoid(gx[hidden + j] + gh[hidden + j]) * h[j] }
      reset.withUnsafeBufferPointer { reset in
        guard let base = reset.baseAddress else { return }
        Self.accumulate(&gh, recurrentBias, r, vector: base, count: hidden, lanes: 2 * hidden..<3 * hidden)
      }
    }
    for j in 0..<hidden {
      let z = FloatMath.sigmoid(gx[j] + gh[j])
      let n: Float
      if linearBeforeReset {
        let reset = FloatMath.sigmoid(gx[hidden + j] + gh[hidden + j])
        n = FloatMath.tanh(gx[2 * hidden + j] + reset * gh[2 * hidden + j])
      } else {
        n = FloatMath.tanh(gx[2 * hidden + j] + gh[2 * hidden + j])
      }
      h[j] = (1 - z) * n + z * h[j]
    }
  }

  /// sums[lane] = bias[lane] + Σ vector[i] · weights[i, lane], ascending.
  private static func accumulate(
    _ sums: inout [Float], _ bias: UnsafePointer<Float>, _ weights: UnsafePointer<Float>,
    vector: UnsafePointer<Float>, count: Int, lanes: Range<Int>
  ) {
    let width = sums.count
    sums.withUnsafeMutableBufferPointer { sums in
      for lane in lanes { sums[lane] = bias[lane] }
      for i in 0..<count {
        let factor = vector[i]
        let row = weights + i &* width
        for lane in lanes { sums[lane] = sums[lane] + factor * row[lane] }
      }
    }
  }

  package func check(_ check: inout StepCheck) {
    check.positive(steps, inputSize, hiddenSize, named: "sizes")
    check.range(sequenceOffset, 0...StepCheck.limit, named: "sequenceOffset")
    check.range(sequenceStride, 0...StepCheck.limit, named: "sequenceStride")
    check.range(stateOffset, 0...StepCheck.limit, named: "stateOffset")
    guard check.faults.isEmpty else { return }
    check.buffer(input, steps, inputSize, bytes: 4, named: "input")
    check.buffer(
      sequence, sequenceOffset + (steps - 1) * sequenceStride + hiddenSize, bytes: 4, named: "sequence")
    for (state, name) in [
      (initialHidden, "initialHidden"), (initialCell, "initialCell"), (finalHidden, "finalHidden"),
      (finalCell, "finalCell"),
    ] {
      check.buffer(state, stateOffset + hiddenSize, bytes: 4, named: name)
    }
    check.constant(inputWeights, .float32, inputSize, gates, hiddenSize, named: "inputWeights")
    check.constant(recurrentWeights, .float32, hiddenSize, gates, hiddenSize, named: "recurrentWeights")
    check.constant(inputBias, .float32, gates, hiddenSize, named: "inputBias")
    check.constant(recurrentBias, .float32, gates, hiddenSize, named: "recurrentBias")
    check.require(!writes.contains(input), "input and output are the same buffer")
  }
}
