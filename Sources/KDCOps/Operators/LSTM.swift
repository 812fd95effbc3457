import Foundation
import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Long short-term memory over a sequence. ONNX `LSTM`, opsets 1, 7, 14, with the default activations.
///
/// Gates in the order i o f c: c' = f · c + i · g, h = o · tanh(c'). Outputs Y, Y_h, Y_c. Peepholes, input_forget, clip,
/// layout 1 and sequence_lens shorter than the input are refused.
package struct LSTM: Operator {
  package static let onnxName = "LSTM"
  package static let inputCount = 3...8
  package static let outputCount = 0...3
  package let layer: RecurrentLayer
  private static let states = [(index: 5, name: "initial_h"), (index: 6, name: "initial_c")]

  package init(decoding node: Node) throws(Diagnostic) {
    layer = try RecurrentLayer(decoding: node, gates: 4, activations: ["Sigmoid", "Tanh", "Tanh"])
    if try node.flag("input_forget", default: false) { throw node.unsupported("'LSTM' with input_forget 1") }
    if node.input(7) != nil { throw node.unsupported("'LSTM' with peepholes (input P)") }
  }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    layer.outputTypes(try layer.sizes(self, inputs, states: Self.states), states: 2)
  }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    try layer.run(inputs, states: Self.states.map(\.index)) { cell, sizes, states in
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
  }
}

extension LSTM: Quantizable {
  package var quantizationRule: QuantizationRule { .float }
}
