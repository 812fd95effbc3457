import KDCTensor

/// Stochastic gradient descent with momentum: u ← μ u + g + decay · w,  w ← w − rate · u. Vectors do not decay.
///
/// Sutskever, Martens, Dahl and Hinton, "On the importance of initialization and momentum in deep learning", 2013.
package struct Momentum: Optimizer {
  package var moments: [[[Float]]] = []
  package var stepCount = 0
  private let momentum: Double
  private let decay: Double

  package init(momentum: Double = 0.9, decay: Double = 0) {
    self.momentum = momentum
    self.decay = decay
  }

  package mutating func step(_ parameters: inout Parameters, gradients: [[Float]], rate: Double, threads: Threads) {
    prepareMoments(1, for: parameters)
    stepCount += 1
    let (mu, rate) = (Float(momentum), Float(rate))
    for index in parameters.values.indices {
      let count = parameters.values[index].count
      let decay = parameters.shapes[index].rank > 1 ? Float(self.decay) : 0
      gradients[index].withUnsafeBufferPointer { g in
        parameters.values[index].withUnsafeMutableBufferPointer { w in
          moments[0][index].withUnsafeMutableBufferPointer { u in
            forEachPiece(of: count, threads: threads) { range in
              for i in range {
                u[i] = mu * u[i] + g[i] + decay * w[i]
                w[i] -= rate * u[i]
              }
            }
          }
        }
      }
    }
  }
}
