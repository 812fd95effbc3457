import KDCProgram
import KDCTargets

/// Integer convolutions with many input channels on ARM cores with dot products (SDOT: four products a lane): tiles of
/// some output pixels by some vectors of 4 output channels, chosen for the shape. Reads up to 15 bytes past a run.
struct ConvolutionRunsDotprod: ConvolutionTileFamily, RowFamily, WorkspaceFamily {
  let name = "conv_runs_dotprod"
  var rows: RowUnits?
  var workspace = Int.max

  let lanes = 4
  let copiedBytesPerCycle = 8.0

  let feature = Feature.dotprod

  func candidates(_ g: ConvolutionGeometry) -> [(vectors: Int, pixels: Int)] {
    [4, 3, 2, 1].flatMap { vectors in (1...6).reversed().map { (vectors, $0) } }
  }

  func tiling(_ g: ConvolutionGeometry, pixels: Int, vectors: Int, on target: Target) -> ConvolutionTiling {
    ConvolutionTiling(
      pixels: pixels, channels: vectors * 4, depth: 4, tileCycles: tileCycles(g, pixels: pixels, vectors: vectors),
      workspace: workspace, cacheBytes: target.caches.l1Bytes)
  }

  /// Cycles of a tile on a core with two pipes for dot products and two for loads (Cortex-A76).
  func tileCycles(_ g: ConvolutionGeometry, pixels: Int, vectors: Int) -> Double {
    let runs = ConvolutionRuns(g)
    let steps = Double(runs.count * runs.quads)
    let loads = Double(vectors) / 2 + Double(pixels) / 8
    return steps * max(Double(pixels * vectors) / 2, loads, 1.5) + Double(pixels * vectors) * 3.5
      + Double(runs.count * 3 + 12)
  }

  func emit(_ tile: ConvolutionTilePlan) -> KernelCode {
    let g = tile.shape.geometry
    let runs = ConvolutionRuns(g)
    let channels = tile.vectors * 4
    let epilogue = NeonRequantization(step: tile.shape.step)
    return KernelCode(
      numbers: tile.numbers,
      body: "  // Tiles of \(tile.pixels) pixels by \(channels) channels.\n"
        + tile.shape.pointers(workspace: tile.bands.isPadded)
        + tile.bands.loops(
          around: sums(tile.bands) + stores(epilogue, vectors: tile.vectors, channels: g.outputChannels)),
      units: tile.bands.units, workspaceBytes: tile.bands.workspaceBytes,
      packings: [
        .panels(rows: g.outputChannels, runs: runs.count, length: runs.length, nr: channels, kr: 4, widened: false),
        .plain, .plain,
      ])
  }

  /// The sums `s[m][v]` over the runs at `a[]`, begun with the biases.
  private func sums(_ plan: ConvolutionBands) -> String {
    let blocks = ConvolutionRuns(plan.g).quads
    /// Four products of each sum from the block of weights at `w`; `lane` is the block's place in x.
    func block(_ lane: Int) -> String {
      """
      KDC_UNROLL for (int v = 0; v < VECTORS; v++) {
        const int8x16_t q = vld1q_s8(w + 16 * (\(lane == 0 ? "v" : "\(lane) * VECTORS + v")));
        KDC_UNROLL for (int m = 0; m < TILE; m++) s[m][v] = vdotq_laneq_s32(s[m][v], q, x[m], \(lane));
      }

      """
    }
    func load(_ place: String) -> String {
      "int8x16_t x[TILE];\nKDC_UNROLL for (int m = 0; m < TILE; m++) x[m] = vld1q_s8(a[m]\(place));\n"
    }
    let (full, rest) = (blocks / 4, blocks % 4)
    var body = ""
    if full > 0 {
      let four = load(" + 16 * k") + (0..<4).map(block).joined()
      body += "for (int32_t k = 0; k < \(full); k++, w += 64 * VECTORS) {\n" + indented(four, 1) + "}\n"
    }
    if rest > 0 {
      let some = load(full == 0 ? "" : " + \(16 * full)") + (0..<rest).map(block).joined()
      body += "{\n" + indented(some, 1) + "  w += \(16 * rest) * VECTORS;\n}\n"
    }
    return """
      int32x4_t s[TILE][VECTORS];
      KDC_UNROLL for (int v = 0; v < VECTORS; v++)
        KDC_UNROLL for (int m = 0; m < TILE; m++) s[m][v] = vld1q_s32(bias + n + 4 * v);
      const int8_t *w = panel;
      \(plan.overRuns(body, pixels: "TILE"))
      """
  }

  private func stores(_ epilogue: NeonRequantization, vectors: Int, channels: Int) -> String {
    var text = "KDC_UNROLL for (int v = 0; v < VECTORS; v++) {\n"
    text += "  const int32x4_t multiplier = vld1q_s32(multipliers + n + 4 * v);\n"
    text += "  KDC_UNROLL for (int m = 0; m < TILE; m++) {\n"
    text += indented(
      epilogue.high("s[m][v]", bias: nil, multipliers: "multiplier", at: "at + m * OUT_CHANNELS + 4 * v"), 2)
    text += "  }\n}\n"
    text += "KDC_UNROLL for (int m = 0; m < TILE; m++) {\n"
    let last = { (vector: Int) in "s[m][\(min(vector, vectors - 1))]" }
    text += "  const int16x8_t t0 = \(epilogue.shifted(epilogue.narrow(last(0), last(1))));\n"
    text += "  const int16x8_t t1 = \(vectors > 2 ? epilogue.shifted(epilogue.narrow(last(2), last(3))) : "t0");\n"
    text += "  const int8x16_t y = \(epilogue.clamped("vqmovn_high_s16(vqmovn_s16(t0), t1)"));\n"
    text += "  int8_t *to = output + at + m * OUT_CHANNELS;\n"
    let whole = [
      "kdc_store_4(to, y, 0);", "vst1_s8(to, vget_low_s8(y));",
      "{ vst1_s8(to, vget_low_s8(y)); kdc_store_4(to + 8, y, 2); }",
      "vst1q_s8(to, y);",
    ][vectors - 1]
    if channels % (vectors * 4) == 0 { return text + "  \(whole)\n}\n" }
    return text + "  if (n + 4 * VECTORS <= OUT_CHANNELS)\n    \(whole)\n  else\n"
      + "    kdc_store_lanes(to, y, OUT_CHANNELS - n);\n}\n"
  }
}
