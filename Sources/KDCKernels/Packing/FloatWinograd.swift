import KDCProgram

extension Packing {
  /// float32 weights [3, 3, depth, rows], rows being output channels, transformed for `FloatWinogradStep` to
  /// [36][rows / nr][depth][nr], zero-filled to whole nr.
  package static func floatWinograd(depth: Int, rows: Int, nr: Int) -> Packing {
    Packing(layout: .floatWinograd, rows: rows, runs: 9, length: depth, nr: nr, kr: 1)
  }
}

extension PackingLayout {
  static let floatWinograd = PackingLayout(
    name: "KDC_WINOGRAD_FLOAT", number: 11, packedBytes: { p, _ in p.paddedRows * p.length * 36 * 4 },
    pack: { p, bytes in
      var packed = [UInt8](repeating: 0, count: p.packedBytes(of: bytes.count))
      for k in 0..<p.length {
        for row in 0..<p.rows {
          let weights = (0..<9).map { tap in
            let from = ((tap * p.length + k) * p.rows + row) * 4
            return Float(bitPattern: (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[from + $1]) << UInt32(8 * $1) })
          }
          for (place, value) in FloatWinograd.transformed(weights).enumerated() {
            let panel = place * (p.paddedRows / p.nr) + row / p.nr
            let to = ((panel * p.length + k) * p.nr + row % p.nr) * 4
            for byte in 0..<4 { packed[to + byte] = UInt8(truncatingIfNeeded: value.bitPattern >> UInt32(8 * byte)) }
          }
        }
      }
      return packed
    })
}
