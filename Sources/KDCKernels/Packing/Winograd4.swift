extension Packing {
  /// int8 weights [rows,3,3,channels] transformed for 4×4 outputs at a time, int16: see `Winograd4.pack`.
  package static func winograd4(rows: Int, channels: Int) -> Packing {
    Packing(layout: .winograd4, rows: rows, runs: 9, length: channels, nr: 4, kr: 16)
  }
}

extension PackingLayout {
  static let winograd4 = PackingLayout(
    name: "KDC_WINOGRAD4", number: 8, packedBytes: { p, _ in Winograd4.packedBytes(rows: p.rows, channels: p.length) },
    pack: { p, bytes in Winograd4.pack(bytes, rows: p.rows, channels: p.length) })
}

/// Winograd's F(4×4, 3×3) on integers, exact: 16 outputs of a 3×3 convolution of stride 1 from 36 products, Y = Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A
/// (Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2015), with the points 0, ±1, ±2, ∞.
///
/// The rows of G are scaled so that they are integers and those of A have few terms; the result is 576 · conv:
///
///     G:  6 0 0 | 4 4 4 | 4 −4 4 | 1 2 4 | 1 −2 4 | 0 0 12
///     Bᵀ: 4 0 −5 0 1 0 | 0 4 4 −1 −1 0 | 0 −4 4 1 −1 0 | 0 −2 −1 2 1 0 | 0 2 −1 −2 1 0 | 0 4 0 −5 0 1
///     Aᵀ: 1 1 1 1 1 0 | 0 1 −1 2 −2 0 | 0 1 1 4 4 0 | 0 1 −1 8 −8 2
///
/// Transformed inputs are at most 100 · 128 and transformed weights 144 · 127 in magnitude, so that their sums, the
/// factors of paired products, fit int16. Everything after that is modulo 2^32: 576 · conv times the inverse of 9 is
/// 64 · conv, from which conv follows wherever it lies in −2^25 ..< 2^25.
enum Winograd4 {
  /// The convolution, bias included, must lie in this range.
  static let range: Range<Int> = -(1 << 25)..<(1 << 25)
  /// Channels that a group of panels holds, in panels of four.
  static let groupRows = 16

  /// Panels of 4 output channels, blocks of 16 input channels.
  static func panels(_ rows: Int) -> Int { (rows + 3) / 4 }
  static func blocks(_ channels: Int) -> Int { (channels + 15) / 16 }

  /// Bytes of `pack`'s result.
  static func packedBytes(rows: Int, channels: Int) -> Int { panels(rows) * (36 * blocks(channels) * 128 + 256) }

  /// Weights [rows,3,3,channels] to int16 [rows/16][36 planes][4 panels, the last group as many as it has][blocks][4 rows]
  /// [16 channels, their halves exchanged], then for each panel int32 [4][4][4 rows]: what the pairs of weights add to
  /// the outputs, negated.
  static func pack(_ bytes: [UInt8], rows: Int, channels: Int) -> [UInt8] {
    let blocks = blocks(channels)
    let count = panels(rows)
    var planes = [Int16](repeating: 0, count: count * 36 * blocks * 64)
    for row in 0..<rows {
      let group = row / groupRows
      let width = min(4, count - 4 * group)
      for c in 0..<channels {
        let filter = (0..<9).map { Int(Int8(bitPattern: bytes[(row * 9 + $0) * channels + c])) }
        for (plane, value) in transform(filter).enumerated() {
          let panel = (4 * group * 36 + plane * width + row / 4 % 4) * blocks
          planes[(panel + c / 16) * 64 + row % 4 * 16 + (c % 16 ^ 8)] = Int16(value)
        }
      }
    }
    var corrections: [Int32] = []
    for panel in 0..<count {
      let group = panel / 4
      let width = min(4, count - 4 * group)
      var sums = [[Int32]](repeating: [Int32](repeating: 0, count: 36), count: 4)
      for plane in 0..<36 {
        let start = (4 * group * 36 + plane * width + panel % 4) * blocks * 64
        for at in stride(from: start, to: start + blocks * 64, by: 16) {
          for k in at..<at + 8 {
            sums[(at - start) / 16 % 4][plane] &+= Int32(planes[k]) &* Int32(planes[k + 8])
          }
        }
      }
      let outputs = sums.map(outputs)
      for pixel in 0..<16 { corrections += outputs.map { 0 &- $0[pixel] } }
    }
    return planes.withUnsafeBytes { Array($0) } + corrections.withUnsafeBytes { Array($0) }
  }

  /// G g Gᵀ of [3,3], [6,6].
  private static func transform(_ g: [Int]) -> [Int] {
    func six(_ a: Int, _ b: Int, _ c: Int) -> [Int] {
      [6 * a, 4 * (a + b + c), 4 * (a - b + c), a + 2 * b + 4 * c, a - 2 * b + 4 * c, 12 * c]
    }
    let columns = (0..<3).map { six(g[$0], g[3 + $0], g[6 + $0]) }
    return (0..<6).flatMap { six(columns[0][$0], columns[1][$0], columns[2][$0]) }
  }

  /// Aᵀ m A of [6,6], [4,4].
  private static func outputs(_ m: [Int32]) -> [Int32] {
    func four(_ m: [Int32]) -> [Int32] {
      [
        m[0] &+ m[1] &+ m[2] &+ m[3] &+ m[4], m[1] &- m[2] &+ 2 &* (m[3] &- m[4]),
        m[1] &+ m[2] &+ 4 &* (m[3] &+ m[4]), m[1] &- m[2] &+ 8 &* (m[3] &- m[4]) &+ 2 &* m[5],
      ]
    }
    let columns = (0..<6).map { x in four((0..<6).map { m[6 * $0 + x] }) }
    return (0..<4).flatMap { y in four(columns.map { $0[y] }) }
  }
}
