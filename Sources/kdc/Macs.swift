import KDCGraph
import KDCProgram
import KDCTensor

extension Program {
  /// Multiply-accumulates of one inference.
  var macs: Int {
    steps.reduce(0) { sum, step in
      switch step {
      case let step as ConvolutionStep: sum + step.geometry.macs
      case let step as FloatConvolutionStep: sum + step.geometry.macs
      case let step as FloatMatMulStep: sum + step.batch * step.rows * step.columns * step.depth
      case let step as RecurrentStep:
        sum + step.steps * (step.inputSize + step.hiddenSize) * step.hiddenSize * (step.cell == .gru ? 3 : 4)
      default: sum
      }
    }
  }
}

extension Graph {
  /// Multiply-accumulates of one inference: convolutions, products and recurrences, as their weights are used.
  var macs: Int { nodes.reduce(0) { $0 + macs(of: $1) } }

  private func macs(of node: Node) -> Int {
    guard let input = node.input(0).flatMap({ types[$0]?.shape }),
      let weights = node.input(1).flatMap({ shape(of: $0) }),
      let output = node.outputs.first.flatMap({ types[$0]?.shape })
    else { return 0 }
    switch node.opType {
    case "Conv", "FusedConv": return output.count * weights.count / max(weights.dims.first ?? 1, 1)
    case "ConvTranspose": return input.count * weights.count / max(weights.dims.first ?? 1, 1)
    case "Gemm", "MatMul", "FusedGemm": return output.count * (input.dims.last ?? 0)
    case "GRU", "LSTM":
      let recurrent = node.input(2).flatMap { shape(of: $0) }?.count ?? 0
      return (input.dims.first ?? 0) * (weights.count + recurrent)
    default: return 0
    }
  }

  private func shape(of name: String) -> Shape? { initializers[name]?.shape ?? types[name]?.shape }
}
