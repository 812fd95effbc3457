/// The values of a small window in pairs for paired products (see `PairedBlocks`) whose lanes are output channels: of every two runs
/// those in the same column, of a last single run column c and c + length/2; what remains has no partner.
struct PairedColumns: Hashable {
  let runs, length: Int

  /// Pairs, and whether one value (the last) is alone.
  var count: Int { runs / 2 * length + (runs % 2 == 1 ? length / 2 : 0) }
  var hasSingle: Bool { runs % 2 == 1 && length % 2 == 1 }
  var singleIndex: Int { runs * length - 1 }

  /// Indices (run · length + column) of the two values of a pair.
  func pair(_ index: Int) -> (Int, Int) {
    let joined = runs / 2 * length
    if index < joined {
      let first = index / length * 2 * length + index % length
      return (first, first + length)
    }
    let first = (runs - 1) * length + index - joined
    return (first, first + length / 2)
  }

  /// `Packing.pairedColumns`.
  func pack(_ bytes: [UInt8], rows: Int, nr: Int, part: Int) -> [UInt8] {
    let panelBytes = Self.panelBytes(self, nr: nr, part: part)
    var packed = [UInt8](repeating: 0, count: (rows + nr - 1) / nr * panelBytes)
    for row in 0..<rows {
      let w = bytes[row * runs * length..<(row + 1) * runs * length]
      func weight(_ index: Int) -> UInt8 { w[w.startIndex + index] }
      var to = row / nr * panelBytes
      let lane = row % nr
      for start in stride(from: 0, to: max(count, 1), by: part) {
        var correction: Int16 = 0
        let pairs = start..<min(start + part, count)
        for index in pairs {
          let (i, j) = pair(index)
          correction &-= Int16(Int8(bitPattern: weight(i))) * Int16(Int8(bitPattern: weight(j)))
          // The value of index i meets the weight of its partner.
          let at = to + nr * 2 + (index - start) * nr * 2 + lane / 16 * 32 + lane % 16
          packed[at] = weight(j)
          packed[at + 16] = weight(i)
        }
        packed[to + lane * 2] = UInt8(truncatingIfNeeded: correction)
        packed[to + lane * 2 + 1] = UInt8(truncatingIfNeeded: correction >> 8)
        to += nr * 2 + pairs.count * nr * 2
      }
      if hasSingle { packed[to + lane] = weight(singleIndex) }
    }
    return packed
  }

  /// Bytes of a panel of nr rows with corrections for each `part` pairs.
  static func panelBytes(_ pairs: PairedColumns, nr: Int, part: Int) -> Int {
    let parts = (max(pairs.count, 1) + part - 1) / part
    return nr * (2 * parts + 2 * pairs.count + (pairs.hasSingle ? 1 : 0))
  }
}

extension Packing {
  /// int8 weights [rows, runs, length] for paired products across channels: for each panel of nr rows (a multiple of 16)
  /// and each `part` of the pairs of `PairedColumns` the rows' −Σ w·w′ in int16, then for each pair and 16 rows those of
  /// its second value and of its first; last, 16 at a time, the value without a pair if there is one.
  package static func pairedColumns(rows: Int, runs: Int, length: Int, nr: Int, part: Int) -> Packing {
    Packing(layout: .pairedColumns, rows: rows, runs: runs, length: length, nr: nr, kr: part)
  }
}

extension PackingLayout {
  static let pairedColumns = PackingLayout(
    name: "KDC_COLUMNS_PAIRED", number: 9,
    packedBytes: { p, _ in
      p.paddedRows / p.nr
        * PairedColumns.panelBytes(PairedColumns(runs: p.runs, length: p.length), nr: p.nr, part: p.kr)
    },
    pack: { p, bytes in
      PairedColumns(runs: p.runs, length: p.length).pack(bytes, rows: p.rows, nr: p.nr, part: p.kr)
    })
}
