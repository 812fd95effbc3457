import KDCTensor

/// Adam, with weights that shrink by rate · decay in each step, apart from the gradient. Vectors (biases, scales) do not.
///
/// Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2019, algorithm 2.
package struct AdamW: Optimizer {
  private var adam = Adam()
  private let decay: Double
  package var moments: [[[Float]]] {
    get { adam.moments }
    set { adam.moments = newValue }
  }
  package var stepCount: Int {
    get { adam.stepCount }
    set { adam.stepCount = newValue }
  }

  package init(decay: Double) { self.decay = decay }

  package mutating func step(_ parameters: inout Parameters, gradients: [[Float]], rate: Double, threads: Threads) {
    let kept = Float(1 - rate * decay)
    for index in parameters.values.indices where parameters.shapes[index].rank > 1 {
      parameters.values[index].withUnsafeMutableBufferPointer { w in
        for i in w.indices { w[i] *= kept }
      }
    }
    adam.step(&parameters, gradients: gradients, rate: rate, threads: threads)
  }
}
