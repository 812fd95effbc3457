import KDCProgram
import KDCTargets

/// Integer convolutions with many input channels, on NEON: tiles of `pixels` output pixels by 4 output channels, 16
/// products deep (SMULL, SMLAL2, SADALP).
///
/// The window of an output pixel is a few runs of contiguous bytes: kernelHeight runs of kernelWidth · C bytes where the
/// columns are not dilated and there is one group, kernelHeight · kernelWidth runs otherwise. Where the window leaves
/// the image, each unit first copies its band of rows, padded with the zero point, into the workspace.
/// Reads up to 15 bytes past a run: the weights are zero there.
struct ConvolutionRunsNeon: RowFamily, WorkspaceFamily {
  /// 4, or 1 for fully connected layers.
  let pixels: Int
  /// Weights stay two a byte in memory and are unpacked in registers, for one pixel: where memory is what limits.
  var int4 = false
  var rows: RowUnits?
  var workspace = Int.max
  var name: String { "conv_runs_\(pixels)x4_\(int4 ? "int4_" : "")neon" }

  func plan(_ step: ConvolutionStep, in program: Program, on target: Target) throws(Refusal) -> ConvolutionRunsPlan {
    try target.require(.neon)
    let g = step.geometry
    if int4 { try g.requireInt4(isInt4: program.isInt4(step.weights)) }
    if g.isDepthwise { throw Refusal.depthwise }
    if g.groups > 1, g.outputChannels / g.groups % 4 != 0 {
      throw Refusal("output channels of a group are not a multiple of 4")
    }
    let tiling = ConvolutionTiling(
      pixels: pixels, channels: 4, depth: 16, weightsAreInt4: int4, workspace: workspace,
      cacheBytes: target.caches.l1Bytes)
    guard let bands = ConvolutionBands(step, tiling, rows: rows) else {
      throw Refusal("fewer than 4 output pixels a band")
    }
    guard bands.imageBytes < 1 << 30 else { throw Refusal.largeImage }
    let runs = ConvolutionRuns(g)
    let weightBytes = Double((g.outputChannels + 3) / 4) * Double(runs.count * runs.blocks) * (int4 ? 32 : 64)
    return ConvolutionRunsPlan(
      shape: ConvolutionEmission(step), bands: bands, streaming: target.streamingCycles(weightBytes))
  }

  func cycles(_ plan: ConvolutionRunsPlan) -> Double {
    let (bands, runs) = (plan.bands, ConvolutionRuns(plan.bands.g))
    let depth = Double(runs.count) * (Double(runs.fullBlocks) * 8 + (runs.hasHalf ? 4 : 0) + (runs.count > 1 ? 1 : 0))
    // One pixel a tile reads four times as much of the weights. Products of 4-bit weights are widened less often.
    let tile = Double(pixels) * depth * (pixels == 1 && !int4 ? 1.12 : 1) + (pixels == 4 ? 24 : 16)
    let panels = Double((bands.g.outputChannels + 3) / 4)
    let work = Double(bands.tiles) * panels * tile + Double(bands.copiedBytes) / 5 + Double(bands.units) * 40
    return max(work, plan.streaming)
  }

  func emit(_ plan: ConvolutionRunsPlan) -> KernelCode {
    let (shape, bands) = (plan.shape, plan.bands)
    let tile = RunsTileNeon(shape: shape, bands: bands, pixels: pixels, int4: int4)
    let (channels, runs) = (shape.geometry.outputChannels, tile.runs)
    return KernelCode(
      numbers: bands.constants + tile.constants + shape.requantization,
      body: shape.pointers(workspace: bands.isPadded) + bands.loops(around: tile.text),
      units: bands.units, workspaceBytes: bands.workspaceBytes,
      packings: [
        int4
          ? .halfBytePanels(rows: channels, runs: runs.count, length: runs.length, nr: 4, kr: 16)
          : .panels(rows: channels, runs: runs.count, length: runs.length, nr: 4, kr: 16, widened: false),
        .plain, .plain,
      ])
  }
}

/// The C of one tile: sums over the runs, requantisation, stores. Expects `a[]` (window of each
/// pixel), `panel` (weights), `n` (first channel) and `at` or `at0` … (output index of each pixel).
private struct RunsTileNeon {
  let shape: ConvolutionEmission
  let bands: ConvolutionBands
  let pixels: Int
  var int4 = false
  var runs: ConvolutionRuns { ConvolutionRuns(shape.geometry) }
  var epilogue: NeonRequantization { NeonRequantization(step: shape.step) }

  /// Deeper sums than this are loops.
  static let unrolledBlocks = 4

  var constants: [KernelNumber] { bands.runConstants(blocks: runs.blocks) }

  private func dot(_ k: String, _ weights: String, half: Bool, first: Bool) -> String {
    pixels == 4
      ? "kdc_dot_4x4\(half ? "_half" : "")\(first ? "_first" : "")(s, a, \(k), \(weights));\n"
      : "kdc_dot_1x4\(half ? "_half" : "")(s, a[0]\(k == "0" ? "" : " + \(k)"), \(weights));\n"
  }

  /// One run at a[], weights at w; with `first` the sums are set instead of added to.
  private func run(first: Bool) -> String {
    if int4 { return int4Run }
    var text = ""
    let full = runs.fullBlocks
    if runs.blocks <= Self.unrolledBlocks {
      for block in 0..<full {
        text += dot("\(block * 16)", block == 0 ? "w" : "w + \(block * 64)", half: false, first: first && block == 0)
      }
      if runs.hasHalf {
        text += dot("\(full * 16)", full == 0 ? "w" : "w + \(full * 64)", half: true, first: first && full == 0)
      }
      return text
    }
    if first { text += dot("0", "w", half: false, first: true) }
    text +=
      "for (int32_t k = \(first ? 1 : 0); k < \(full); k++) {\n  kdc_prefetch(w + 64 * k);\n"
      + "  \(dot("16 * k", "w + 64 * k", half: false, first: false))}\n"
    if runs.hasHalf { text += dot("\(full * 16)", "w + \(full * 64)", half: true, first: false) }
    return text
  }

  /// Blocks of 16 whose sums int16 holds: 31 products of at most 128 · 8.
  private static let int4Blocks = 15

  /// The same over weights of two a byte, 32 bytes a block.
  private var int4Run: String {
    let (full, most) = (runs.fullBlocks, Self.int4Blocks)
    var text = ""
    if full > most {
      text +=
        "for (int32_t k = 0; k + \(most) <= \(full); k += \(most))\n  "
        + "kdc_dot_1x4_int4(s, a[0] + 16 * k, w + 32 * k, \(most));\n"
    }
    let done = full > most ? full / most * most : 0
    if full > done { text += "kdc_dot_1x4_int4(s, a[0] + \(16 * done), w + \(32 * done), \(full - done));\n" }
    if runs.hasHalf { text += "kdc_dot_1x4_int4_half(s, a[0] + \(16 * full), w + \(32 * full));\n" }
    return text
  }

  /// Bytes of weights in a block.
  private var blockBytes: Int { int4 ? 32 : 64 }

  private var sums: String {
    let zero =
      pixels == 4
      ? "KDC_UNROLL for (int i = 0; i < 16; i++) s[i / 4][i % 4] = vdupq_n_s32(0);\n"
      : "KDC_UNROLL for (int i = 0; i < 4; i++) s[i] = vdupq_n_s32(0);\n"
    let declaration = pixels == 4 ? "int32x4_t s[4][4];\n" : "int32x4_t s[4];\n"
    if runs.count == 1 {
      let text = declaration + (pixels == 4 ? "" : zero) + "const int8_t *w = panel;\n" + run(first: pixels == 4)
      return text
    }
    let advance = pixels == 4 ? "KDC_UNROLL for (int m = 0; m < 4; m++) a[m] += " : "a[0] += "
    var body = run(first: false)
    if runs.columns > 1 {
      body =
        "for (int32_t kx = 0; kx < RUN_COLUMNS; kx++, w += \(blockBytes) * RUN_BLOCKS) {\n" + indented(body, 1)
        + "  \(advance)RUN_COLUMN_STEP;\n}\n\(advance)RUN_ROW_STEP - RUN_COLUMNS * RUN_COLUMN_STEP;\n"
      if runs.rows == 1 { body = body.replacingLast("RUN_ROW_STEP - ", "-") }
    } else {
      body += "\(advance)RUN_ROW_STEP;\n"
    }
    let step = runs.columns > 1 ? "" : ", w += \(blockBytes) * RUN_BLOCKS"
    let loop =
      runs.rows == 1 ? body : "for (int32_t ky = 0; ky < RUN_ROWS; ky++\(step)) {\n" + indented(body, 1) + "}\n"
    return declaration + zero + "const int8_t *w = panel;\n" + loop
  }

  var text: String { sums + (pixels == 4 ? fourPixels : onePixel) }

  private var fourPixels: String {
    var text = "int32x4_t h[4];\nKDC_UNROLL for (int m = 0; m < 4; m++) {\n  h[m] = kdc_sum_4(s[m]);\n"
    text += indented(
      epilogue.high(
        "h[m]", bias: "vld1q_s32(bias + n)", multipliers: "vld1q_s32(multipliers + n)", at: "at + m * OUT_CHANNELS"), 1)
    text += "}\n"
    text += "const int16x8_t t0 = \(epilogue.shifted(epilogue.narrow("h[0]", "h[1]")));\n"
    text += "const int16x8_t t1 = \(epilogue.shifted(epilogue.narrow("h[2]", "h[3]")));\n"
    text += "const int8x16_t y = \(epilogue.clamped("vqmovn_high_s16(vqmovn_s16(t0), t1)"));\n"
    let stores = (0..<4).map { "kdc_store_4(output + at\($0 == 0 ? "" : " + \($0) * OUT_CHANNELS"), y, \($0));\n" }
      .joined()
    let tail = shape.geometry.outputChannels % 4
    if tail == 0 { return text + stores }
    var some = ""
    for m in 0..<4 {
      let vector = m == 0 ? "y" : "vextq_s8(y, y, \(4 * m))"
      some += "kdc_store_some(output + at\(m == 0 ? "" : " + \(m) * OUT_CHANNELS"), \(vector), \(tail));\n"
    }
    return text + "if (n + 4 <= OUT_CHANNELS) {\n" + indented(stores, 1) + "} else {\n" + indented(some, 1) + "}\n"
  }

  private var onePixel: String {
    var text = "int32x4_t h = kdc_sum_4(s);\n"
    text += epilogue.high("h", bias: "vld1q_s32(bias + n)", multipliers: "vld1q_s32(multipliers + n)", at: "at")
    let narrow = epilogue.narrow("h")
    text += "const int16x4_t t = \(narrow);\n"
    text += "const int16x8_t u = \(epilogue.shifted("vcombine_s16(t, t)"));\n"
    text += "const int8x16_t y = \(epilogue.clamped("vqmovn_high_s16(vqmovn_s16(u), u)"));\n"
    let tail = shape.geometry.outputChannels % 4
    if tail == 0 { return text + "kdc_store_4(output + at, y, 0);\n" }
    return text + "if (n + 4 <= OUT_CHANNELS)\n  kdc_store_4(output + at, y, 0);\nelse\n"
      + "  kdc_store_some(output + at, y, \(tail));\n"
  }
}

extension String {
  /// With the last occurrence of `old` replaced.
  fileprivate func replacingLast(_ old: String, _ new: String) -> String {
    var parts = components(of: old)
    guard parts.count > 1, let last = parts.popLast() else { return self }
    return parts.joined(separator: old) + new + last
  }
  private func components(of separator: String) -> [String] {
    var parts: [String] = []
    var rest = self[...]
    while let range = rest.firstRange(of: separator) {
      parts.append(String(rest[..<range.lowerBound]))
      rest = rest[range.upperBound...]
    }
    return parts + [String(rest)]
  }
}
