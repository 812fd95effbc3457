extension Packing {
  /// The bytes that a kernel sees of a constant whose elements in logical order are `bytes`: the definition of each
  /// packing. The runtime's loader does the same in C. Needs exactly rows · runs · length bytes for panels.
  package func pack(_ bytes: [UInt8]) -> [UInt8] {
    switch self {
    case .plain: return bytes
    case .panels(let rows, let runs, let length, let nr, let kr, let widened):
      let width = widened ? 2 : 1
      var packed = [UInt8](repeating: 0, count: packedBytes(of: bytes.count))
      Self.forEach(rows, runs, length, nr, kr) { from, panel, lane, k in
        let index = (panel * nr + lane) * kr + k
        packed[index * width] = bytes[from]
        if widened { packed[index * 2 + 1] = bytes[from] < 128 ? 0 : 255 }
      }
      return packed
    case .halfBytePanels(let rows, let runs, let length, let nr, let kr):
      var packed = [UInt8](repeating: 0, count: packedBytes(of: bytes.count))
      Self.forEach(rows, runs, length, nr, kr) { from, panel, lane, k in
        let index = (panel * (nr / 2) + lane % (nr / 2)) * kr + k
        packed[index] |= (bytes[from] & 15) << (lane < nr / 2 ? 0 : 4)
      }
      return packed
    case .offsetPanels(let rows, let runs, let length, let nr, let kr):
      let panels = Packing.panels(rows: rows, runs: runs, length: length, nr: nr, kr: kr, widened: false).pack(bytes)
      let panelBytes = nr * runs * Self.padded(length, kr)
      var packed: [UInt8] = []
      packed.reserveCapacity(packedBytes(of: bytes.count))
      for panel in 0..<(rows + nr - 1) / nr {
        for row in panel * nr..<(panel + 1) * nr {
          let weights = row < rows ? bytes[row * runs * length..<(row + 1) * runs * length] : []
          let offset = weights.reduce(Int32(0)) { $0 &- 128 &* Int32(Int8(bitPattern: $1)) }
          packed += (0..<4).map { UInt8(truncatingIfNeeded: offset >> (8 * $0)) }
        }
        packed += panels[panel * panelBytes..<(panel + 1) * panelBytes]
      }
      return packed
    case .winograd4(let rows, let channels): return Winograd4.pack(bytes, rows: rows, channels: channels)
    case .fastPanels(let rows, let runs, let length, let nr):
      return FastBlocks(length: length).pack(bytes, rows: rows, runs: runs, nr: nr)
    case .fastColumns(let rows, let runs, let length, let nr, let part):
      return FastPairs(runs: runs, length: length).pack(bytes, rows: rows, nr: nr, part: part)
    }
  }

  /// Calls `body` with the index of each element in logical order, the number of its block of nr · kr, and its row and
  /// column there.
  private static func forEach(
    _ rows: Int, _ runs: Int, _ length: Int, _ nr: Int, _ kr: Int, _ body: (Int, Int, Int, Int) -> Void
  ) {
    let blocks = (length + kr - 1) / kr
    for row in 0..<rows {
      for run in 0..<runs {
        for k in 0..<length {
          body((row * runs + run) * length + k, (row / nr * runs + run) * blocks + k / kr, row % nr, k % kr)
        }
      }
    }
  }

  /// Bytes of the packed form of a constant that has `byteCount` bytes in logical order.
  package func packedBytes(of byteCount: Int) -> Int {
    switch self {
    case .plain: byteCount
    case .panels(let rows, let runs, let length, let nr, let kr, let widened):
      Self.padded(rows, nr) * runs * Self.padded(length, kr) * (widened ? 2 : 1)
    case .halfBytePanels(let rows, let runs, let length, let nr, let kr):
      Self.padded(rows, nr) / 2 * runs * Self.padded(length, kr)
    case .offsetPanels(let rows, let runs, let length, let nr, let kr):
      Self.padded(rows, nr) * (4 + runs * Self.padded(length, kr))
    case .winograd4(let rows, let channels): Winograd4.packedBytes(rows: rows, channels: channels)
    case .fastPanels(let rows, let runs, let length, let nr):
      Self.padded(rows, nr) * (4 + runs * FastBlocks(length: length).paddedLength)
    case .fastColumns(let rows, let runs, let length, let nr, let part):
      (rows + nr - 1) / nr * FastPairs.panelBytes(FastPairs(runs: runs, length: length), nr: nr, part: part)
    }
  }

  private static func padded(_ count: Int, _ step: Int) -> Int { (count + step - 1) / step * step }
}
