import Foundation
import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor

/// Gated recurrent unit over a sequence. ONNX `GRU`, opsets 1, 3, 7, 14, 22.
///
/// Gates in the order z r h: h = (1 − z) · n + z · h, with n = tanh(x·W + r · (h·R + b)) where linear_before_reset is 1 and
/// tanh(x·W + (r · h)·R + b) otherwise. Outputs Y, Y_h. With clip, other activation
/// functions or shorter sequence_lens a composition.
package struct GRU: RecurrentOperator, OutputJudging {
  package static let onnxName = "GRU"
  package static let inputCount = 3...6
  package static let outputCount = 0...2
  package let layer: RecurrentLayer
  package let linearBeforeReset: Bool
  var isSpecial: Bool { false }
  var composedCell: RecurrentUnrolling.Cell { .gru(linearBeforeReset: linearBeforeReset) }
  static let cell = RecurrentStep.Cell.gru
  static let states = [(index: 5, name: "initial_h")]

  package init(decoding node: Node) throws(Diagnostic) {
    layer = try RecurrentLayer(decoding: node, gates: 3, activations: ["Sigmoid", "Tanh"])
    linearBeforeReset = try node.flag("linear_before_reset", default: false)
  }

  func step(_ cell: RecurrentLayer.Cell, _ sizes: RecurrentLayer.Sizes, _ states: [UnsafeMutablePointer<Float>]) {
    let (hidden, rows, count) = (sizes.hidden, 3 * sizes.hidden, sizes.batch * sizes.hidden)
    let h = states[0]
    let recurrent = [Float](count: sizes.batch * rows) { target in
      BLAS.gemm(transposeB: true, m: sizes.batch, n: rows, k: hidden, a: h, b: cell.recurrent, c: target)
    }
    func gate(_ b: Int, _ index: Int, _ j: Int) -> Float {
      let row = index * hidden + j
      return sigmoid(cell.input[b * rows + row] + recurrent[b * rows + row] + cell.recurrentBias[row])
    }
    let candidate: [Float]
    if linearBeforeReset {
      candidate = (0..<count).map { index in
        let (b, j) = (index / hidden, index % hidden)
        let row = 2 * hidden + j
        return cell.input[b * rows + row] + gate(b, 1, j) * (recurrent[b * rows + row] + cell.recurrentBias[row])
      }
    } else {
      let reset = (0..<count).map { gate($0 / hidden, 1, $0 % hidden) * h[$0] }
      let product = [Float](count: count) { target in
        reset.withPointer { reset in
          BLAS.gemm(
            transposeB: true, m: sizes.batch, n: hidden, k: hidden, a: reset,
            b: cell.recurrent + 2 * hidden * hidden, c: target)
        }
      }
      candidate = (0..<count).map { index in
        let (b, j) = (index / hidden, index % hidden)
        return cell.input[b * rows + 2 * hidden + j] + product[index] + cell.recurrentBias[2 * hidden + j]
      }
    }
    for index in 0..<count {
      let z = gate(index / hidden, 0, index % hidden)
      h[index] = (1 - z) * tanh(candidate[index]) + z * h[index]
    }
  }

  func backpropagate(_ pass: inout RecurrentPass) {
    let (hidden, rows, batch) = (pass.sizes.hidden, pass.rows, pass.sizes.batch)
    let (count, all) = (batch * hidden, pass.previous.count)
    var (update, reset) = ([Float](repeating: 0, count: all), [Float](repeating: 0, count: all))
    for at in 0..<all {
      let base = at / hidden * rows + at % hidden
      update[at] = sigmoid(pass.fromInput[base] + pass.fromState[base])
      reset[at] = sigmoid(pass.fromInput[base + hidden] + pass.fromState[base + hidden])
    }
    // What the state contributes to the candidate: reset · (h·R + b), or (reset · h)·R + b.
    let candidateWeights = Array(pass.recurrent[(2 * hidden * hidden)...])
    var fromState: [Float]
    if linearBeforeReset {
      fromState = (0..<all).map { pass.fromState[$0 / hidden * rows + 2 * hidden + $0 % hidden] }
    } else {
      let operand = (0..<all).map { reset[$0] * pass.previous[$0] }
      fromState = product(
        operand, transposed: false, candidateWeights, transposed: true, m: all / max(1, hidden), n: hidden, k: hidden)
      for at in 0..<all { fromState[at] += pass.recurrentBias[2 * hidden + at % hidden] }
      pass.lastOperand = operand
    }
    var ofH = pass.finalGradients[0]
    for t in pass.times.reversed() {
      var carried = [Float](repeating: 0, count: count)
      var candidateSums = [Float](repeating: 0, count: count)
      for index in 0..<count {
        let at = t * count + index
        let base = at / hidden * rows + at % hidden
        let (z, h) = (update[at], pass.previous[at])
        let state = linearBeforeReset ? reset[at] * fromState[at] : fromState[at]
        let candidate = tanh(pass.fromInput[base + 2 * hidden] + state)
        let slope = ofH[index] + pass.outputGradient[at]
        let ofCandidate = slope * (1 - z) * (1 - candidate * candidate)
        pass.inputSums[base] = slope * (h - candidate) * z * (1 - z)
        pass.inputSums[base + 2 * hidden] = ofCandidate
        candidateSums[index] = ofCandidate
        carried[index] = slope * z
      }
      // ∂L/∂(reset · h) where the reset comes before the product.
      let ofOperand =
        linearBeforeReset
        ? []
        : product(candidateSums, transposed: false, candidateWeights, transposed: false, m: batch, n: hidden, k: hidden)
      for index in 0..<count {
        let at = t * count + index
        let base = at / hidden * rows + at % hidden
        let r = reset[at]
        let ofReset = linearBeforeReset ? candidateSums[index] * fromState[at] : ofOperand[index] * pass.previous[at]
        pass.inputSums[base + hidden] = ofReset * r * (1 - r)
        pass.stateSums[base] = pass.inputSums[base]
        pass.stateSums[base + hidden] = pass.inputSums[base + hidden]
        pass.stateSums[base + 2 * hidden] = candidateSums[index] * (linearBeforeReset ? r : 1)
        if !linearBeforeReset { carried[index] += ofOperand[index] * r }
      }
      var sums = Array(pass.stateSums[t * batch * rows..<(t + 1) * batch * rows])
      if !linearBeforeReset {
        // The candidate's way to h is `ofOperand`.
        for index in 0..<count { sums[index / hidden * rows + 2 * hidden + index % hidden] = 0 }
      }
      let back = product(sums, transposed: false, pass.recurrent, transposed: false, m: batch, n: hidden, k: rows)
      ofH = zip(carried, back).map { $0 + $1 }
    }
    pass.stateGradients = [ofH]
  }

  package static func outputKind(isVector: Bool) -> OutputKind? { .regression }
}
