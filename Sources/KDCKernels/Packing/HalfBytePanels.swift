extension Packing {
  /// 4-bit weights [rows, runs, length] to bytes [rows/nr][runs][length/kr][nr/2][kr]: row r of a panel in the low half
  /// of a byte, row r + nr/2 in the high half. nr is even.
  package static func halfBytePanels(rows: Int, runs: Int, length: Int, nr: Int, kr: Int) -> Packing {
    Packing(layout: .halfBytePanels, rows: rows, runs: runs, length: length, nr: nr, kr: kr)
  }
}

extension PackingLayout {
  static let halfBytePanels = PackingLayout(
    name: "KDC_PANELS_4", number: 3, packedBytes: { p, _ in p.paddedRows / 2 * p.runs * p.paddedLength },
    pack: { p, bytes in
      var packed = [UInt8](repeating: 0, count: p.packedBytes(of: bytes.count))
      p.forEach { from, block, lane, k in
        let index = (block * (p.nr / 2) + lane % (p.nr / 2)) * p.kr + k
        packed[index] |= (bytes[from] & 15) << (lane < p.nr / 2 ? 0 : 4)
      }
      return packed
    })
}
