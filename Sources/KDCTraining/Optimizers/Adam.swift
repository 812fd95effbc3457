import Glibc
import KDCTensor

/// m ← β₁ m + (1 − β₁) g,  v ← β₂ v + (1 − β₂) g²,  w ← w − rate · m̂ / (√v̂ + ε), with m̂ and v̂ freed of their bias
/// to the zeros they start from.
///
/// Kingma and Ba, "Adam: A Method for Stochastic Optimization", 2015, algorithm 1. With `isRelative` the rate of each
/// parameter tensor is multiplied by the root mean square of its values, within `leastScale`...`largestScale`: layers whose weights are
/// small by nature, as those with many inputs, then change by the same share as others. Shazeer and Stern, "Adafactor:
/// Adaptive Learning Rates with Sublinear Memory Cost", 2018, section 8.
package struct Adam: Optimizer {
  package var moments: [[[Float]]] = []
  package var stepCount = 0
  private let beta1: Double
  private let beta2: Double
  private let epsilon: Double
  private let isRelative: Bool
  /// For tensors near zero, such as new biases.
  private static let leastScale = 0.02
  /// For tensors whose few weights are large, such as those of first and depthwise layers.
  private static let largestScale = 0.15

  package init(beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, isRelative: Bool = false) {
    self.isRelative = isRelative
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
  }

  package mutating func step(_ parameters: inout Parameters, gradients: [[Float]], rate: Double, threads: Threads) {
    beginStep(parameters)
    for index in parameters.values.indices {
      move(index, &parameters, gradient: gradients[index], rate: rate, threads: threads)
    }
  }

  /// Counts a step. Each parameter tensor is then moved at most once.
  mutating func beginStep(_ parameters: Parameters) {
    prepareMoments(2, for: parameters)
    stepCount += 1
  }

  /// The step of one parameter tensor.
  mutating func move(
    _ index: Int, _ parameters: inout Parameters, gradient: [Float], rate: Double, threads: Threads
  ) {
    let correction1 = 1 - pow(beta1, Double(stepCount))
    let correction2 = 1 - pow(beta2, Double(stepCount))
    let scale = Float(1 / correction2.squareRoot())
    let (b1, b2, epsilon) = (Float(beta1), Float(beta2), Float(epsilon))
    let size = Float(rate * (isRelative ? Self.typicalSize(parameters.values[index]) : 1) / correction1)
    // Taken out of their arrays, so that both can be changed at once without a copy.
    var (m, v): ([Float], [Float]) = ([], [])
    swap(&m, &moments[0][index])
    swap(&v, &moments[1][index])
    let count = parameters.values[index].count
    parameters.values[index].withUnsafeMutableBufferPointer { w in
      m.withUnsafeMutableBufferPointer { m in
        v.withUnsafeMutableBufferPointer { v in
          gradient.withUnsafeBufferPointer { g in
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

  static func typicalSize(_ values: [Float]) -> Double {
    let squares = values.withUnsafeBufferPointer { $0.reduce(0) { $0 + Double($1) * Double($1) } }
    return min(max((squares / Double(max(values.count, 1))).squareRoot(), leastScale), largestScale)
  }
}
