/// Bounds the length of the gradient over all parameters. Pascanu, Mikolov and Bengio, "On the difficulty of training
/// recurrent neural networks", 2013, algorithm 1.
package enum GradientClipping {
  /// √ Σ g² over all parameters, summed in their order; NaN or infinite where an element is.
  package static func norm(_ gradients: [[Float]]) -> Double {
    var sum = 0.0
    for gradient in gradients {
      // Eight sums side by side, so that the loop is not one chain of additions.
      var lanes = SIMD8<Double>()
      gradient.withUnsafeBufferPointer { g in
        let whole = g.count / 8 * 8
        for i in stride(from: 0, to: whole, by: 8) {
          let part = SIMD8<Double>(
            Double(g[i]), Double(g[i + 1]), Double(g[i + 2]), Double(g[i + 3]), Double(g[i + 4]), Double(g[i + 5]),
            Double(g[i + 6]), Double(g[i + 7]))
          lanes += part * part
        }
        for i in whole..<g.count { lanes[0] += Double(g[i]) * Double(g[i]) }
      }
      sum += lanes.sum()
    }
    return sum.squareRoot()
  }

  /// Shortens the gradients to the length `limit` where they are longer; `norm` is their length.
  package static func clip(_ gradients: inout [[Float]], norm: Double, limit: Double) {
    guard norm > limit else { return }
    let factor = Float(limit / norm)
    for index in gradients.indices {
      gradients[index].withUnsafeMutableBufferPointer { g in
        for i in g.indices { g[i] *= factor }
      }
    }
  }
}
