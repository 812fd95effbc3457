/// Winograd's F(4 × 4, 3 × 3) for the points 0, ±1, ±2 and ∞ in float32: every operation rounds once, in this order, here
/// and in the emitted C.
package enum FloatWinograd {
  /// Output pixels of a tile along one axis, and the input pixels and products that it takes.
  package static let size = 4
  package static let points = 6

  /// Three weights along one axis, `from` apart, to six, `to` apart.
  @inline(__always)
  private static func weights(
    _ g: UnsafePointer<Double>, _ from: Int, _ u: UnsafeMutablePointer<Double>, _ to: Int
  ) {
    let (a, b, c) = (g[0], g[from], g[2 &* from])
    let (even, odd) = ((a + c) / -6, b / 6)
    let (wide, half) = (a / 24 + c / 6, b / 12)
    u[0] = a / 4
    u[to] = even - odd
    u[2 &* to] = even + odd
    u[3 &* to] = wide + half
    u[4 &* to] = wide - half
    u[5 &* to] = c
  }

  /// 3 × 3 weights in float64 to 6 × 6, columns first.
  @inline(__always)
  static func transform(_ weights: UnsafePointer<Double>, _ places: UnsafeMutablePointer<Double>) {
    withUnsafeTemporaryAllocation(of: Double.self, capacity: 18) { columns in
      guard let columns = columns.baseAddress else { return }
      for x in 0..<3 { Self.weights(weights + x, 3, columns + x, 3) }
      for y in 0..<points { Self.weights(columns + 3 &* y, 1, places + points &* y, 1) }
    }
  }

  /// The same of nine float32, rounded to float32 at the end.
  package static func transformed(_ weights: [Float]) -> [Float] {
    withUnsafeTemporaryAllocation(of: Double.self, capacity: 9 + points * points) { scratch in
      guard let g = scratch.baseAddress, weights.count == 9 else { return [] }
      for k in 0..<9 { g[k] = Double(weights[k]) }
      transform(g, g + 9)
      return (0..<points * points).map { Float(g[9 + $0]) }
    }
  }

  /// Six inputs along one axis, `step` apart, in place.
  @inline(__always)
  static func inputs(_ d: UnsafeMutablePointer<Float>, _ step: Int) {
    let (d0, d1, d2, d3, d4, d5) = (d[0], d[step], d[2 &* step], d[3 &* step], d[4 &* step], d[5 &* step])
    let (p, q) = (d4.addingProduct(-4, d2), d3.addingProduct(-4, d1))
    let (r, s) = (d4 - d2, d3 - d1)
    d[0] = d4.addingProduct(-5, d2).addingProduct(4, d0)
    d[step] = p + q
    d[2 &* step] = p - q
    d[3 &* step] = r.addingProduct(2, s)
    d[4 &* step] = r.addingProduct(-2, s)
    d[5 &* step] = d5.addingProduct(-5, d3).addingProduct(4, d1)
  }

  /// Six sums of products along one axis, `step` apart, to four outputs in place of the first.
  @inline(__always)
  static func outputs(_ m: UnsafeMutablePointer<Float>, _ step: Int) {
    let (m0, m1, m2, m3, m4, m5) = (m[0], m[step], m[2 &* step], m[3 &* step], m[4 &* step], m[5 &* step])
    let (p, q, r, s) = (m1 + m2, m1 - m2, m3 + m4, m3 - m4)
    m[0] = (m0 + p) + r
    m[step] = q.addingProduct(2, s)
    m[2 &* step] = p.addingProduct(4, r)
    m[3 &* step] = q.addingProduct(8, s) + m5
  }
}
