import KDCTensor

/// Rounds the rows of a layer's weights so that its outputs change least: E ‖(w − s·q)·(x − mean x)‖², the mean being left
/// to the bias.
///
/// Columns are rounded one after the other, each taking in what those before it did wrong (Frantar et al., "GPTQ",
/// 2022), in the order of their inputs' variance. With H = M·D·Mᵀ, M unit upper triangular in that order,
///
///     q_k = round((w_k + Σ_{j<k} (w_j − s·q_j)·M_jk) / s)
///
/// which gives GPTQ's numbers without its inverse of H. Several scales are tried a row; then single weights move to
/// better values as long as that helps (coordinate descent, as in Behdin et al., "QuantEase", 2023), and the scale
/// is refitted.
struct ErrorFeedback: Sendable {
  /// Largest magnitude of q: 7 for 4 bits, 127 for 8.
  let limit: Float
  private let depth: Int
  /// H with damping, scaled to a mean diagonal of 1, columns in the order of rounding.
  private let moments: [Float]
  private let feedback: [Float]
  private let weights: [Float]
  private let order: [Int]

  /// Share of the mean diagonal that is added to it.
  static let damping = 0.01
  /// Scales tried, as shares of the one that the least squared error of the weights gives.
  private static let ratios: [Float] = [0.85, 0.925, 1, 1.075]
  private static let rounds = 3

  /// nil where the moments have no factor: not finite.
  init?(moments h: [Double], depth n: Int, limit: Float) {
    self.limit = limit
    depth = n
    let mean = (0..<n).reduce(0) { $0 + h[$1 * n + $1] } / Double(max(n, 1))
    guard mean.isFinite, n > 0 else { return nil }
    let scale = mean > 0 ? 1 / mean : 1
    let order = (0..<n).sorted { (h[$0 * n + $0], $1) > (h[$1 * n + $1], $0) }
    self.order = order
    var damped = [Double](repeating: 0, count: n * n)
    for i in 0..<n {
      for j in 0..<n { damped[i * n + j] = h[order[i] * n + order[j]] * scale }
      damped[i * n + i] += Self.damping
    }
    moments = damped.map { Float($0) }
    // The factor with the last column first, turned round: H = R · Rᵀ, R upper triangular.
    var turned = [Double](repeating: 0, count: n * n)
    for i in 0..<n {
      for j in 0..<n { turned[i * n + j] = damped[(n - 1 - i) * n + n - 1 - j] }
    }
    guard LAPACK.cholesky(&turned, order: n) else { return nil }
    var unit = [Float](repeating: 0, count: n * n)
    var pivots = [Float](repeating: 0, count: n)
    for k in 0..<n {
      let pivot = turned[(n - 1 - k) * n + n - 1 - k]
      pivots[k] = Float(pivot * pivot)
      for j in 0..<k { unit[j * n + k] = Float(turned[(n - 1 - j) * n + n - 1 - k] / pivot) }
    }
    feedback = unit
    weights = pivots
  }

  struct Row: Sendable {
    var scale: Float
    /// Whole numbers of magnitude up to `limit`.
    var values: [Float]
    /// (w − s·q)·H·(w − s·q)ᵀ in H's damped and scaled form.
    var error: Float
  }

  /// The best scale near `start`, at least `floor`, and values for one row [depth].
  func round(_ row: [Float], start: Float, floor: Float) -> Row {
    let w = order.map { row[$0] }
    var best: Row?
    for ratio in Self.ratios {
      let scale = max(start * ratio, floor)
      let found = roundInOrder(w, scale)
      if found.error < best?.error ?? .infinity { best = found }
    }
    guard var result = best else {
      return Row(scale: start, values: [Float](repeating: 0, count: depth), error: .infinity)
    }
    for _ in 0..<Self.rounds {
      guard let next = refined(w, result, floor: floor), next.error < result.error else { break }
      let gain = result.error - next.error
      result = next
      if gain < result.error * 1e-4 { break }
    }
    var values = [Float](repeating: 0, count: depth)
    for (place, column) in order.enumerated() { values[column] = result.values[place] }
    result.values = values
    return result
  }

  private func clamped(_ x: Float) -> Float {
    let t = x.rounded(.toNearestOrEven)
    return t < -limit ? -limit : t > limit ? limit : t
  }

  private func roundInOrder(_ w: [Float], _ scale: Float) -> Row {
    let n = depth
    let inverse = 1 / scale
    var wanted = w
    var values = [Float](repeating: 0, count: n)
    var error: Float = 0
    wanted.withUnsafeMutableBufferPointer { wanted in
      feedback.withUnsafeBufferPointer { feedback in
        for k in 0..<n {
          let q = clamped(wanted[k] * inverse)
          values[k] = q
          let miss = wanted[k] - scale * q
          error += weights[k] * miss * miss
          let own = w[k] - scale * q
          if own == 0 { continue }
          let row = k &* n
          for j in (k &+ 1)..<max(n, k &+ 1) { wanted[j] += own * feedback[row &+ j] }
        }
      }
    }
    return Row(scale: scale, values: values, error: error)
  }

  /// One refit of the scale and one sweep of single changes.
  private func refined(_ w: [Float], _ row: Row, floor: Float) -> Row? {
    let n = depth
    // H is symmetric: products with its rows.
    func product(_ v: [Float]) -> [Float] {
      [Float](count: n) { target in
        moments.withPointer { h in v.withPointer { BLAS.gemm(m: 1, n: n, k: n, a: $0, b: h, c: target) } }
      }
    }
    func dot(_ a: [Float], _ b: [Float]) -> Double { zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) } }
    let hq = product(row.values)
    let square = dot(row.values, hq)
    var result = row
    if square > 0 {
      let scale = Float(dot(w, hq) / square)
      if scale.isFinite, scale >= floor { result.scale = scale }
    }
    let scale = result.scale
    var errors = zip(w, row.values).map { $0 - scale * $1 }
    var gradient = product(errors)
    gradient.withUnsafeMutableBufferPointer { gradient in
      moments.withUnsafeBufferPointer { h in
        for k in 0..<n {
          let diagonal = h[k &* n &+ k]
          let q = clamped(result.values[k] + gradient[k] / (diagonal * scale))
          let change = scale * (result.values[k] - q)
          if change == 0 { continue }
          result.values[k] = q
          errors[k] += change
          let start = k &* n
          for j in 0..<n { gradient[j] += change * h[start &+ j] }
        }
      }
    }
    result.error = Float(dot(errors, Array(gradient)))
    return result.error.isFinite ? result : nil
  }
}
