/// The C of a tile's sums of products. Expects `a[]`, the factors of each row, and `w`, the weights of the tile's columns;
/// adds to `s[][]`.
struct FloatSums {
  let tile: FloatTile
  /// Floats from one factor's weights to those of the next, as C.
  let weightStep: String
  /// Floats ahead of a row's factors that are soon read, as C.
  var ahead: String?
  /// Whether the weights, one behind the other, come from memory.
  var prefetchesWeights = false

  private var vectors: FloatVectors { tile.vectors }
  private var load: String { "kdc_load_\(vectors.suffix)" }

  /// Declares the sums; `first` is the C of their start, of `v`.
  func declaration(first: String) -> String {
    """
    \(vectors.type) s[TILE][VECTORS];
    KDC_UNROLL for (int m = 0; m < TILE; m++)
      KDC_UNROLL for (int v = 0; v < VECTORS; v++) s[m][v] = \(first);

    """
  }

  /// `depth` products (a constant of that name in C) of contiguous factors; moves `w` behind their weights.
  func products(_ depth: Int, named name: String) -> String {
    vectors == .neon ? byLane(depth, name) : byFactor(name)
  }

  /// Four factors a vector, each multiplied from its lane. Reads up to 3 floats past a row's factors.
  private func byLane(_ depth: Int, _ name: String) -> String {
    func steps(_ count: Int) -> String {
      (0..<count).map { lane in
        """
          KDC_UNROLL for (int v = 0; v < VECTORS; v++) q[v] = \(load)(w + 4 * v);
          KDC_UNROLL for (int m = 0; m < TILE; m++)
            KDC_UNROLL for (int v = 0; v < VECTORS; v++) s[m][v] = vfmaq_laneq_f32(s[m][v], q[v], x[m], \(lane));
          w += \(weightStep);

        """
      }.joined()
    }
    func factors(_ k: String) -> String {
      "  float32x4_t x[TILE], q[VECTORS];\n  KDC_UNROLL for (int m = 0; m < TILE; m++) x[m] = \(load)(a[m] + \(k));\n"
    }
    var text = ""
    if depth >= 4 {
      text += "for (int32_t k = 0; k + 4 <= \(name); k += 4) {\n" + factors("k")
      if let ahead { text += "  KDC_UNROLL for (int m = 0; m < TILE; m++) __builtin_prefetch(a[m] + k + \(ahead));\n" }
      if prefetchesWeights { text += prefetches(4 * tile.width) }
      text += steps(4) + "}\n"
    }
    if depth % 4 > 0 { text += "{\n" + factors("\(name) / 4 * 4") + steps(depth % 4) + "}\n" }
    return text
  }

  /// Has the second cache fetch the weights that are read 2 KB later.
  private func prefetches(_ floats: Int) -> String {
    (0..<max(1, floats / 16)).map { "  __builtin_prefetch(w + \(512 + 16 * $0), 0, 2);\n" }.joined()
  }

  /// One factor for all columns.
  private func byFactor(_ name: String) -> String {
    """
    for (int32_t k = 0; k < \(name); k++, w += \(weightStep)) {
      \(vectors.type) q[VECTORS];
      KDC_UNROLL for (int v = 0; v < VECTORS; v++) q[v] = \(load)(w + \(vectors.lanes) * v);
      KDC_UNROLL for (int m = 0; m < TILE; m++) {
        const \(vectors.type) x = kdc_set_\(vectors.suffix)(a[m][k]);
        KDC_UNROLL for (int v = 0; v < VECTORS; v++) s[m][v] = kdc_fma_\(vectors.suffix)(s[m][v], x, q[v]);
      }
    }

    """
  }

  /// Stores `columns` of each row at `output + at` and `step` (C) floats on for each row; `sum` makes what is stored of a
  /// sum and its place.
  func stores(_ columns: Int, step: String, _ sum: (_ sum: String, _ at: String) -> String) -> String {
    let (lanes, suffix) = (vectors.lanes, vectors.suffix)
    let (whole, rest) = (columns / lanes, columns % lanes)
    var text = "KDC_UNROLL for (int m = 0; m < TILE; m++) {\n  const ptrdiff_t row = at + (ptrdiff_t)m * \(step);\n"
    if whole > 0 {
      let place = "row + \(lanes) * v"
      text += "  KDC_UNROLL for (int v = 0; v < \(whole == tile.count ? "VECTORS" : "\(whole)"); v++)\n"
      text += "    kdc_store_\(suffix)(output + \(place), \(sum("s[m][v]", place)));\n"
    }
    if rest > 0 {
      let place = whole > 0 ? "row + \(lanes * whole)" : "row"
      text += "  kdc_store_some_\(suffix)(output + \(place), \(sum("s[m][\(whole)]", place)), \(rest));\n"
    }
    return text + "}\n"
  }
}
