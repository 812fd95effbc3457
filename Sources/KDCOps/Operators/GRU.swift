import Foundation
import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Gated recurrent unit over a sequence. ONNX `GRU`, opsets 1, 3, 7, 14, with the default activations.
///
/// Gates in the order z r h: h = (1 − z) · n + z · h, with n = tanh(x·W + r · (h·R + b)) where linear_before_reset is 1 and
/// tanh(x·W + (r · h)·R + b) otherwise. Outputs Y, Y_h. Clip, layout 1 and shorter sequence_lens are refused.
package struct GRU: Operator {
  package static let onnxName = "GRU"
  package static let inputCount = 3...6
  package static let outputCount = 0...2
  package let layer: RecurrentLayer
  package let linearBeforeReset: Bool
  private static let states = [(index: 5, name: "initial_h")]

  package init(decoding node: Node) throws(Diagnostic) {
    layer = try RecurrentLayer(decoding: node, gates: 3, activations: ["Sigmoid", "Tanh"])
    linearBeforeReset = try node.flag("linear_before_reset", default: false)
  }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    layer.outputTypes(try layer.sizes(self, inputs, states: Self.states), states: 1)
  }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    try layer.run(inputs, states: Self.states.map(\.index)) { cell, sizes, states in
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
  }
}

extension GRU: Quantizable {
  package var quantizationRule: QuantizationRule { .float }
}
