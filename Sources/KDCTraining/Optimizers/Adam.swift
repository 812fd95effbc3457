import Glibc
import KDCTensor

/// m ← β₁ m + (1 − β₁) g,  v ← β₂ v + (1 − β₂) g²,  w ← w − rate · m̂ / (√v̂ + ε), with m̂ and v̂ freed of their bias
/// to the zeros they start from.
///
/// Kingma and Ba, "Adam: A Method for Stochastic Optimization", 2015, algorithm 1.
package struct Adam: Optimizer {
  package var moments: [[[Float]]] = []
  package var stepCount = 0
  private let beta1: Double
  private let beta2: Double
  private let epsilon: Double

  package init(beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8) {
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
  }

  package mutating func step(_ parameters: inout Parameters, gradients: [[Float]], rate: Double, threads: Threads) {
    prepareMoments(2, for: parameters)
    stepCount += 1
    let correction1 = 1 - pow(beta1, Double(stepCount))
    let correction2 = 1 - pow(beta2, Double(stepCount))
    let size = Float(rate / correction1)
    let scale = Float(1 / correction2.squareRoot())
    let (b1, b2, epsilon) = (Float(beta1), Float(beta2), Float(epsilon))
    for index in parameters.values.indices {
      // Taken out of their arrays, so that both can be changed at once without a copy.
      var (m, v): ([Float], [Float]) = ([], [])
      swap(&m, &moments[0][index])
      swap(&v, &moments[1][index])
      let count = parameters.values[index].count
      parameters.values[index].withUnsafeMutableBufferPointer { w in
        m.withUnsafeMutableBufferPointer { m in
          v.withUnsafeMutableBufferPointer { v in
            gradients[index].withUnsafeBufferPointer { g in
              forEachPiece(of: count, threads: threads) { range in
                for i in range {
                  m[i] = b1 * m[i] + (1 - b1) * g[i]
                  v[i] = b2 * v[i] + (1 - b2) * g[i] * g[i]
                  w[i] -= size * m[i] / (v[i].squareRoot() * scale + epsilon)
                }
              }
            }
          }
        }
      }
      swap(&m, &moments[0][index])
      swap(&v, &moments[1][index])
    }
  }
}
