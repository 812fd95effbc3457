extension Packing {
  /// int8 weights [rows, runs, length] to [rows/nr][runs][length/kr][nr][kr], zero-filled to whole nr and kr; as int16 where
  /// `widened`. Depthwise weights [C,kh,kw] become [taps][C] by rows = C, runs = taps, length = 1, nr = C rounded up, kr = 1.
  package static func panels(rows: Int, runs: Int, length: Int, nr: Int, kr: Int, widened: Bool) -> Packing {
    Packing(layout: widened ? .widePanels : .panels, rows: rows, runs: runs, length: length, nr: nr, kr: kr)
  }

  /// Calls `body` with the index of each element in logical order, the number of its block of nr · kr, and its row and
  /// column there.
  func forEach(_ body: (_ from: Int, _ block: Int, _ lane: Int, _ k: Int) -> Void) {
    let blocks = (length + kr - 1) / kr
    for row in 0..<rows {
      for run in 0..<runs {
        for k in 0..<length {
          body((row * runs + run) * length + k, (row / nr * runs + run) * blocks + k / kr, row % nr, k % kr)
        }
      }
    }
  }

  var paddedRows: Int { (rows + nr - 1) / nr * nr }
  var paddedLength: Int { (length + kr - 1) / kr * kr }
}

extension PackingLayout {
  static let panels = PackingLayout(
    name: "KDC_PANELS_8", number: 1, packedBytes: { p, _ in p.paddedRows * p.runs * p.paddedLength },
    pack: { p, bytes in
      var packed = [UInt8](repeating: 0, count: p.packedBytes(of: bytes.count))
      p.forEach { from, block, lane, k in packed[(block * p.nr + lane) * p.kr + k] = bytes[from] }
      return packed
    })

  static let widePanels = PackingLayout(
    name: "KDC_PANELS_16", number: 2, packedBytes: { p, _ in p.paddedRows * p.runs * p.paddedLength * 2 },
    pack: { p, bytes in
      var packed = [UInt8](repeating: 0, count: p.packedBytes(of: bytes.count))
      p.forEach { from, block, lane, k in
        let index = (block * p.nr + lane) * p.kr + k
        packed[index * 2] = bytes[from]
        packed[index * 2 + 1] = bytes[from] < 128 ? 0 : 255
      }
      return packed
    })
}
