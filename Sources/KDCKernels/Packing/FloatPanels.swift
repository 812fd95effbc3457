extension Packing {
  /// float32 weights [depth, groups · rows], rows being a group's output channels, to [groups][rows / nr][depth][nr], zero-filled
  /// to whole nr. A bias is weights of depth 1.
  package static func floatPanels(groups: Int, depth: Int, rows: Int, nr: Int) -> Packing {
    Packing(layout: .floatPanels, rows: rows, runs: groups, length: depth, nr: nr, kr: 1)
  }
}

extension PackingLayout {
  static let floatPanels = PackingLayout(
    name: "KDC_PANELS_FLOAT", number: 10, packedBytes: { p, _ in p.runs * p.paddedRows * p.length * 4 },
    pack: { p, bytes in
      var packed = [UInt8](repeating: 0, count: p.packedBytes(of: bytes.count))
      for group in 0..<p.runs {
        for k in 0..<p.length {
          for row in 0..<p.rows {
            let from = (k * p.runs + group) * p.rows + row
            let panel = group * (p.paddedRows / p.nr) + row / p.nr
            let to = (panel * p.length + k) * p.nr + row % p.nr
            for byte in 0..<4 { packed[to * 4 + byte] = bytes[from * 4 + byte] }
          }
        }
      }
      return packed
    })
}
