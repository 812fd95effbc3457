import KDCProgram

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
