extension Packing {
  /// int8 weights in panels (`panels`); before each panel −128·Σw of its nr rows in int32, which makes up for activations
  /// that kernels read as unsigned bytes, 128 too large.
  package static func offsetPanels(rows: Int, runs: Int, length: Int, nr: Int, kr: Int) -> Packing {
    Packing(layout: .offsetPanels, rows: rows, runs: runs, length: length, nr: nr, kr: kr)
  }
}

extension PackingLayout {
  static let offsetPanels = PackingLayout(
    name: "KDC_PANELS_OFFSET", number: 6,
    packedBytes: { p, _ in p.paddedRows * (4 + p.runs * p.paddedLength) },
    pack: { p, bytes in
      let panels = Packing.panels(
        rows: p.rows, runs: p.runs, length: p.length, nr: p.nr, kr: p.kr, widened: false
      ).pack(bytes)
      let panelBytes = p.nr * p.runs * p.paddedLength
      var packed: [UInt8] = []
      packed.reserveCapacity(p.packedBytes(of: bytes.count))
      for panel in 0..<p.paddedRows / p.nr {
        for row in panel * p.nr..<(panel + 1) * p.nr {
          let weights = row < p.rows ? bytes[row * p.runs * p.length..<(row + 1) * p.runs * p.length] : []
          let offset = weights.reduce(Int32(0)) { $0 &- 128 &* Int32(Int8(bitPattern: $1)) }
          packed += (0..<4).map { UInt8(truncatingIfNeeded: offset >> (8 * $0)) }
        }
        packed += panels[panel * panelBytes..<(panel + 1) * panelBytes]
      }
      return packed
    })
}
