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
}
