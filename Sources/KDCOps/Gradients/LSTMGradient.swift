import Foundation
import KDCDiagnostics
import KDCTensor

extension LSTM: Differentiable {
  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    try layer.gradients(
      inputs: inputs, outputs: outputs, outputGradients: outputGradients, wanted: wanted, states: [5, 6],
      cell: Self.backpropagate)
  }

  private static func backpropagate(_ pass: inout RecurrentPass) {
    let (hidden, rows, batch) = (pass.sizes.hidden, pass.rows, pass.sizes.batch)
    let count = batch * hidden
    // Gates i, o, f, g of every step, and the memory before each.
    var gates = [Float](repeating: 0, count: pass.fromInput.count)
    var before = [Float](repeating: 0, count: pass.previous.count)
    var memory = pass.initial[1]
    for t in pass.times {
      for at in 0..<count {
        let base = (t * batch + at / hidden) * rows + at % hidden
        for gate in 0..<4 {
          let row = base + gate * hidden
          let sum = pass.fromInput[row] + pass.fromState[row]
          gates[row] = gate == 3 ? tanh(sum) : sigmoid(sum)
        }
        before[t * count + at] = memory[at]
        memory[at] = gates[base + 2 * hidden] * memory[at] + gates[base] * gates[base + 3 * hidden]
      }
    }
    var (ofH, ofC) = (pass.finalGradients[0], pass.finalGradients[1])
    for t in pass.times.reversed() {
      for at in 0..<count {
        let base = (t * batch + at / hidden) * rows + at % hidden
        let (i, o) = (gates[base], gates[base + hidden])
        let (f, g) = (gates[base + 2 * hidden], gates[base + 3 * hidden])
        let old = before[t * count + at]
        let squashed = tanh(f * old + i * g)
        let slope = ofH[at] + pass.outputGradient[t * count + at]
        let ofMemory = ofC[at] + slope * o * (1 - squashed * squashed)
        pass.inputSums[base] = ofMemory * g * i * (1 - i)
        pass.inputSums[base + hidden] = slope * squashed * o * (1 - o)
        pass.inputSums[base + 2 * hidden] = ofMemory * old * f * (1 - f)
        pass.inputSums[base + 3 * hidden] = ofMemory * i * (1 - g * g)
        ofC[at] = ofMemory * f
      }
      let sums = Array(pass.inputSums[t * batch * rows..<(t + 1) * batch * rows])
      ofH = product(sums, transposed: false, pass.recurrent, transposed: false, m: batch, n: hidden, k: rows)
    }
    pass.stateSums = pass.inputSums
    pass.stateGradients = [ofH, ofC]
  }
}
