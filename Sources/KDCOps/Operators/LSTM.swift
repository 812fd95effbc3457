import Foundation
import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor

/// Long short-term memory over a sequence. ONNX `LSTM`, opsets 1, 7, 14, 22.
///
/// Gates in the order i o f c: c' = f · c + i · g, h = o · tanh(c'). Outputs Y, Y_h, Y_c. With peepholes, input_forget, clip,
/// other activation functions or sequence_lens shorter than the input a composition.
package struct LSTM: RecurrentOperator, OutputJudging {
  package static let onnxName = "LSTM"
  package static let inputCount = 3...8
  package static let outputCount = 0...3
  package let layer: RecurrentLayer
  /// The forget gate is one minus the input gate.
  let inputForget: Bool
  let isSpecial: Bool
  var linearBeforeReset: Bool { false }
  var composedCell: RecurrentUnrolling.Cell { .lstm(inputForget: inputForget) }
  static let cell = RecurrentStep.Cell.lstm
  static let states = [(index: 5, name: "initial_h"), (index: 6, name: "initial_c")]

  package init(decoding node: Node) throws(Diagnostic) {
    layer = try RecurrentLayer(decoding: node, gates: 4, activations: ["Sigmoid", "Tanh", "Tanh"])
    inputForget = try node.flag("input_forget", default: false)
    isSpecial = inputForget || node.input(7) != nil
  }

  func step(_ cell: RecurrentLayer.Cell, _ sizes: RecurrentLayer.Sizes, _ states: [UnsafeMutablePointer<Float>]) {
    let (hidden, rows) = (sizes.hidden, 4 * sizes.hidden)
    let (h, c) = (states[0], states[1])
    let recurrent = [Float](count: sizes.batch * rows) { target in
      BLAS.gemm(transposeB: true, m: sizes.batch, n: rows, k: hidden, a: h, b: cell.recurrent, c: target)
    }
    for b in 0..<sizes.batch {
      func gate(_ index: Int, _ j: Int) -> Float {
        let row = index &* hidden &+ j
        return cell.input[b &* rows &+ row] + recurrent[b &* rows &+ row] + cell.recurrentBias[row]
      }
      for j in 0..<hidden {
        let memory = sigmoid(gate(2, j)) * c[b &* hidden &+ j] + sigmoid(gate(0, j)) * tanh(gate(3, j))
        c[b &* hidden &+ j] = memory
        h[b &* hidden &+ j] = sigmoid(gate(1, j)) * tanh(memory)
      }
    }
  }

  func backpropagate(_ pass: inout RecurrentPass) {
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

  package static func outputKind(isVector: Bool) -> OutputKind? { .regression }
}
