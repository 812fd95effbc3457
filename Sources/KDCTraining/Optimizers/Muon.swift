import KDCTensor

/// Momentum whose step on a matrix is made orthogonal, so that weak directions of the gradient count as much as strong ones:
///
///     m ← β m + (1 − β) g,  w ← w − rate · share · s · O / rms(O),  O ≈ U Vᵀ where β m + (1 − β) g = U Σ Vᵀ
///
/// s is the typical weight of the tensor, as for `Adam` with `isRelative`, which takes the steps of vectors and of weights
/// with one input channel. Jordan et al., "Muon: An optimizer for hidden layers in neural networks", 2024: in the few
/// hundred steps of a recovery it comes much further than Adam.
package struct Muon: Optimizer {
  private var adam = Adam(isRelative: true)
  /// β.
  private let momentum: Float = 0.9
  /// Of the rate, which is Adam's: an orthogonal step moves every weight, and Adam's hardly those whose gradients change sign.
  private let share = 0.3

  package var moments: [[[Float]]] {
    get { adam.moments }
    set { adam.moments = newValue }
  }
  package var stepCount: Int {
    get { adam.stepCount }
    set { adam.stepCount = newValue }
  }

  package init() {}

  package mutating func step(_ parameters: inout Parameters, gradients: [[Float]], rate: Double, threads: Threads) {
    adam.beginStep(parameters)
    for index in parameters.shapes.indices {
      if Self.isMatrix(parameters.shapes[index]) {
        turn(index, &parameters, gradient: gradients[index], rate: rate, threads: threads)
      } else {
        adam.move(index, &parameters, gradient: gradients[index], rate: rate, threads: threads)
      }
    }
  }

  /// The orthogonal step of one matrix; of its moments only the first is used.
  private mutating func turn(
    _ index: Int, _ parameters: inout Parameters, gradient: [Float], rate: Double, threads: Threads
  ) {
    let beta = momentum
    let m = zip(adam.moments[0][index], gradient).map { beta * $0 + (1 - beta) * $1 }
    adam.moments[0][index] = m
    let weights = parameters.values[index]
    let rows = parameters.shapes[index][0]
    let wanted = zip(gradient, m).map { (1 - beta) * $0 + beta * $1 }
    let step = Self.orthogonal(wanted, rows: rows, columns: weights.count / rows, threads: threads)
    let norm = step.reduce(0) { $0 + Double($1) * Double($1) }
    guard norm > 0 else { return }
    let rms = (norm / Double(step.count)).squareRoot()
    let scale = Float(rate * share * Adam.typicalSize(weights) / rms)
    parameters.values[index] = zip(weights, step).map { $0 - scale * $1 }
  }

  /// Depthwise weights are vectors side by side, and rows of one image channel are short.
  private static func isMatrix(_ shape: Shape) -> Bool { shape.rank > 1 && shape[0] > 1 && shape[1] > 1 }

  /// Nearly U Vᵀ of a matrix U Σ Vᵀ [rows, columns], row-major, by five Newton–Schulz steps X ← aX + (bXXᵀ + c(XXᵀ)²)X,
  /// which bring every singular value of X / ‖X‖ between about 0.7 and 1.2.
  private static func orthogonal(_ matrix: [Float], rows: Int, columns: Int, threads: Threads) -> [Float] {
    // The products are of the smaller side: XᵀX takes the place of XXᵀ where there are more rows.
    let isTall = rows > columns
    let side = min(rows, columns)
    let norm = matrix.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
    guard norm > 0 else { return matrix }
    let inverse = Float(1 / norm)
    var x = matrix.map { $0 * inverse }
    let (a, b, c): (Float, Float, Float) = (3.4445, -4.7750, 2.0315)
    for _ in 0..<5 {
      let gram = [Float](count: side * side) { result in
        x.withPointer { x in
          BLAS.gemm(
            transposeA: isTall, transposeB: !isTall, m: side, n: side, k: isTall ? rows : columns, a: x, b: x,
            c: result,
            threads: threads)
        }
      }
      // bG + cG², then aX + that times X.
      var polynomial = gram
      polynomial.withUnsafeMutableBufferPointer { result in
        gram.withPointer { gram in
          guard let base = result.baseAddress else { return }
          BLAS.gemm(m: side, n: side, k: side, alpha: c, a: gram, b: gram, beta: b, c: base, threads: threads)
        }
      }
      var next = x
      next.withUnsafeMutableBufferPointer { result in
        guard let base = result.baseAddress else { return }
        x.withPointer { x in
          polynomial.withPointer { p in
            BLAS.gemm(
              m: rows, n: columns, k: side, a: isTall ? x : p, b: isTall ? p : x, beta: a, c: base, threads: threads)
          }
        }
      }
      x = next
    }
    return x
  }
}
