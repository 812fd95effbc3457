/// A run of products cut into the blocks of paired products (Winograd's fast inner product, "A New Algorithm for Inner
/// Product", 1968):
///
///     Σ a_k·w_k = Σ_pairs (a_k + w_k′)·(a_k′ + w_k) − Σ a_k·a_k′ − Σ w_k·w_k′
///
/// Blocks of 32 pair column k with k + 16, one of 16 pairs k with k + 8; up to 15 columns that remain are multiplied as
/// they are, in a block of 8 or 16 with zeros behind. The 16-bit lane of column k is k mod 8 in all of them.
struct PairedBlocks: Hashable {
  let length: Int
  /// Blocks of 32, and whether one of 16 follows.
  var full: Int { length / 32 }
  var hasHalf: Bool { length % 32 >= 16 }
  /// 0, 8 or 16 columns of the block without pairs.
  var plain: Int { (length % 16 + 7) / 8 * 8 }
  /// Columns with the zeros.
  var paddedLength: Int { (length + 7) / 8 * 8 }
  /// First column of the block without pairs.
  var pairedLength: Int { full * 32 + (hasHalf ? 16 : 0) }

  /// The column that `k` is multiplied crosswise with, nil for those without.
  func partner(of k: Int) -> Int? {
    if k < full * 32 { return k % 32 < 16 ? k + 16 : k - 16 }
    guard k < pairedLength else { return nil }
    return k - full * 32 < 8 ? k + 8 : k - 8
  }

  /// First column and columns of the block that holds `k`.
  private func block(of k: Int) -> (start: Int, columns: Int) {
    if k < full * 32 { return (k / 32 * 32, 32) }
    return k < pairedLength ? (full * 32, 16) : (pairedLength, plain)
  }

  /// `Packing.pairedPanels`.
  func pack(_ bytes: [UInt8], rows: Int, runs: Int, nr: Int) -> [UInt8] {
    let panels = (rows + nr - 1) / nr
    let panelBytes = nr * (4 + runs * paddedLength)
    var packed = [UInt8](repeating: 0, count: panels * panelBytes)
    for row in 0..<rows {
      let panel = row / nr * panelBytes
      let lane = row % nr
      var correction: Int32 = 0
      for run in 0..<runs {
        let from = (row * runs + run) * length
        for k in 0..<length {
          let place = partner(of: k) ?? k
          let (start, columns) = block(of: place)
          let to = panel + nr * 4 + (run * paddedLength + start) * nr + lane * columns + place - start
          packed[to] = bytes[from + k]
          if let other = partner(of: k), other > k {
            correction &-= Int32(Int8(bitPattern: bytes[from + k])) * Int32(Int8(bitPattern: bytes[from + other]))
          }
        }
      }
      withUnsafeBytes(of: correction.littleEndian) { four in
        for (index, byte) in four.enumerated() { packed[panel + lane * 4 + index] = byte }
      }
    }
    return packed
  }
}

extension Packing {
  /// int8 weights [rows, runs, length] for paired products: for each panel of nr rows, its nr corrections in int32
  /// (−Σ w·w′ over the row's pairs), then [runs][blocks of a run][nr][columns of a block]. The blocks of a run and their
  /// pairs are those of `PairedBlocks`; the halves of a block of pairs are exchanged.
  package static func pairedPanels(rows: Int, runs: Int, length: Int, nr: Int) -> Packing {
    Packing(layout: .pairedPanels, rows: rows, runs: runs, length: length, nr: nr, kr: 1)
  }
}

extension PackingLayout {
  static let pairedPanels = PackingLayout(
    name: "KDC_PANELS_PAIRED", number: 7,
    packedBytes: { p, _ in p.paddedRows * (4 + p.runs * PairedBlocks(length: p.length).paddedLength) },
    pack: { p, bytes in PairedBlocks(length: p.length).pack(bytes, rows: p.rows, runs: p.runs, nr: p.nr) })
}
