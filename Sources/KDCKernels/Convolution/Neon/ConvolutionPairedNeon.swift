import KDCProgram
import KDCTargets

/// Integer convolutions of 7-bit inputs by 7-bit weights on NEON: two products a multiplier lane by paired
/// products, tiles of 2 output pixels by 4 output channels (`PairedBlocks`, `PairedPlan`).
///
/// The sums of a·a′ of every output pixel are found once for each band and are what its lanes start from; those of
/// w·w′ lie before the packed weights and join the bias. Reads up to 15 bytes past a run: the weights are zero there.
struct ConvolutionPairedNeon: RowFamily, WorkspaceFamily {
  let name = "conv_paired_2x4_neon"
  var rows: RowUnits?
  var workspace = Int.max

  struct Plan {
    let shape: ConvolutionEmission
    let paired: PairedPlan
    let bands: ConvolutionBands
    /// The least cycles that it takes to read the weights.
    let streaming: Double
  }

  func plan(_ step: ConvolutionStep, in program: Program, on target: Target) throws(Refusal) -> Plan {
    try target.require(.neon)
    if step.geometry.isDepthwise { throw Refusal.depthwise }
    let paired = try PairedPlan(step, in: program)
    let tiling = ConvolutionTiling(
      pixels: 2, channels: 4, depth: 32, pixelBytes: paired.groups * 16, workspace: workspace,
      cacheBytes: target.caches.l1Bytes)
    guard let bands = ConvolutionBands(step, tiling, rows: rows) else {
      throw Refusal("fewer than 2 output pixels a band")
    }
    if bands.imageBytes >= 1 << 30 { throw Refusal.largeImage }
    let panelBytes = 16 + Double(paired.runs) * Double(paired.blocks.paddedLength) * 4
    return Plan(
      shape: ConvolutionEmission(step), paired: paired, bands: bands,
      streaming: target.streamingCycles(Double((step.geometry.outputChannels + 3) / 4) * panelBytes))
  }

  func cycles(_ plan: Plan) -> Double {
    let (paired, bands, g) = (plan.paired, plan.bands, plan.shape.geometry)
    let blocks = paired.blocks
    let runs = Double(paired.runs)
    // Both pipes take additions, only one multiplies.
    let products = Double(blocks.full * 16 + (blocks.hasHalf ? 12 : 0) + blocks.plain)
    let widening = Double(paired.groups) * (paired.groups > 1 ? 6 : 4)
    let tile = runs * products + widening + (paired.runs > 1 ? runs * 2 : 0) + 17
    let panels = Double((g.outputChannels + 3) / 4)
    let pixels = Double(g.outputHeight * g.outputWidth)
    let starts = pixels * runs * Double(blocks.full * 2 + 1 + paired.groups) * Double(bands.splits)
    // A panel begins with its weights' corrections and ends with a tile that no other one hides.
    let work =
      Double(bands.tiles) * panels * tile + starts + Double(bands.copiedBytes) / 5 + Double(bands.units) * 60
      + Double(bands.bands) * panels * 20
    return max(work, plan.streaming)
  }

  func emit(_ plan: Plan) -> KernelCode {
    let (shape, bands, paired) = (plan.shape, plan.bands, plan.paired)
    let tile = PairedTile(shape: shape, bands: bands, paired: paired)
    return KernelCode(
      numbers: bands.constants + tile.constants + shape.requantization,
      body: shape.pointers(workspace: bands.isPadded) + tile.declaration
        + bands.loops(around: tile.text, before: tile.starts, panel: tile.panel, after: tile.finish),
      units: bands.units, workspaceBytes: bands.workspaceBytes,
      packings: [
        .pairedPanels(rows: shape.geometry.outputChannels, runs: paired.runs, length: paired.blocks.length, nr: 4),
        .plain, .plain,
      ])
  }
}

/// The C: the sums that lanes start from, and one tile of 2 pixels by 4 channels. Expects `a[]`
/// (window of each pixel), `panel`, `n` (first channel), `p` (first pixel of the band) and `at` (its output index).
private struct PairedTile {
  let shape: ConvolutionEmission
  let bands: ConvolutionBands
  let paired: PairedPlan
  private var blocks: PairedBlocks { paired.blocks }
  private var epilogue: NeonRequantization { NeonRequantization(step: shape.step) }

  var constants: [KernelNumber] {
    var list: [KernelNumber] = [
      .most("START_SIZE", (bands.bandPixels + 4) * paired.groups * 8), .varying("STARTS", paired.groups * 8),
      .varying("PANEL", 4 * (4 + paired.runs * blocks.paddedLength)),
    ]
    if paired.runs > 1 {
      list += [
        .varying("RUN_ROWS", paired.runs), .varying("RUN_ROW_STEP", shape.geometry.dilationY * bands.pitch),
        .varying("RUN_BYTES", blocks.paddedLength * 4),
      ]
    }
    if isLooped { list += [.varying("GROUPS", paired.wholeGroups)] }
    return list
  }

  /// Whether the whole groups of a run are a loop, which moves the pointers.
  private var isLooped: Bool { paired.wholeGroups > 1 }
  /// Loops over weights fetch them ahead: longer rows of weights than the first cache holds many of.
  private var fetchesAhead: Bool { isLooped || paired.runs > 1 }
  /// Columns that the loop has moved the pointers by, or that stand before the rest without a loop.
  private var moved: Int { isLooped ? paired.wholeGroups * paired.groupBlocks * 32 : 0 }
  private var restStart: Int { isLooped ? 0 : paired.wholeGroups * paired.groupBlocks * 32 }

  /// Before the loops over units.
  var declaration: String { "  int16_t start[START_SIZE];  // minus the sums of a·a′\n" }

  /// For the pixels of a band.
  var starts: String {
    let window = bands.isDense ? "image + i * IN_CHANNELS" : "image + offset[i]"
    var text =
      "for (int32_t i = 0; i < count; i++) {\n  const int8_t *a = \(window);\n  int16_t *to = start + i * STARTS;\n"
    func sums(_ count: Int, at k: Int, tail: Bool, into s: String) -> String {
      let from = k == 0 ? "a" : "a + \(k)"
      var line = count > 0 ? "\(s) = kdc_paired_start(\(s), \(from), \(count));\n" : ""
      if tail, blocks.hasHalf { line += "\(s) = kdc_paired_start_half(\(s), a + \(k + count * 32));\n" }
      return line
    }
    var run = ""
    if paired.groupBlocks == 0 {
      text += "  int16x8_t s = vdupq_n_s16(0);\n"
      run = sums(blocks.full, at: 0, tail: true, into: "s")
    } else {
      func group(_ count: Int, at k: Int, tail: Bool) -> String {
        "int16x8_t s = vdupq_n_s16(0);\n" + sums(count, at: k, tail: tail, into: "s") + "vst1q_s16(to, s), to += 8;\n"
      }
      if isLooped {
        run +=
          "for (int32_t g = 0; g < GROUPS; g++, a += \(paired.groupBlocks * 32)) {\n"
          + indented(group(paired.groupBlocks, at: 0, tail: false), 1) + "}\n"
      } else if paired.wholeGroups > 0 {
        run += "{\n" + indented(group(paired.groupBlocks, at: 0, tail: false), 1) + "}\n"
      }
      if paired.hasRest { run += "{\n" + indented(group(paired.restBlocks, at: restStart, tail: true), 1) + "}\n" }
    }
    if paired.runs > 1 {
      let back = moved > 0 ? " - \(moved)" : ""
      run = "for (int32_t ky = 0; ky < RUN_ROWS; ky++, a += RUN_ROW_STEP\(back)) {\n" + indented(run, 1) + "}\n"
    }
    text += indented(run, 1)
    if paired.groupBlocks == 0 { text += "  vst1q_s16(to, s);\n" }
    return text + "}\n"
  }

  /// Before the loop over a panel's pixels.
  var panel: String {
    """
    const int8_t *panel = weights + (ptrdiff_t)(n / 4) * PANEL;
    const int32x4_t base = vaddq_s32(vld1q_s32(bias + n), vreinterpretq_s32_s8(vld1q_s8(panel)));
    const int32x4_t scale = vld1q_s32(multipliers + n);
    // Of the tile before, which is finished while the next one multiplies; the first of all is written again.
    int32x4_t h[2] = {base, base};
    ptrdiff_t done = (ptrdiff_t)first * OUT_CHANNELS + n;

    """
  }

  /// Products of a group's blocks to the lanes s, in loops with weights fetched ahead; with `finishing` the tile before is
  /// finished behind the first block.
  private func products(_ count: Int, at k: Int, tail: Bool, finishing: Bool) -> String {
    var text = ""
    var finishing = finishing
    func call(_ name: String, _ k: Int) {
      text += "\(name)(s, a, \(k), w\(k == 0 ? "" : " + \(k * 4)"));\n"
      if finishing { text += finish }
      finishing = false
    }
    for block in 0..<count {
      let at = (k + block * 32) * 4
      if fetchesAhead { text += "kdc_prefetch(w + \(at)), kdc_prefetch(w + \(at + 64));\n" }
      call("kdc_paired_2x4", k + block * 32)
    }
    guard tail else { return text }
    if blocks.hasHalf { call("kdc_paired_2x4_half", k + count * 32) }
    if blocks.plain > 0 {
      call(blocks.plain == 8 ? "kdc_plain_2x4_half" : "kdc_plain_2x4", k + count * 32 + (blocks.hasHalf ? 16 : 0))
    }
    return text
  }

  private var sums: String {
    var text = "const int16_t *from = start + p * STARTS;\nconst int8_t *w = panel + 16;\nint32x4_t t[2][4];\n"
    var run = ""
    // Where code runs once a tile, as early as it may be.
    let isOnce = paired.runs == 1
    let inRest = isOnce && paired.hasRest && paired.wholeGroups != 1
    if !isOnce || isLooped && !paired.hasRest { text += finish }
    if paired.groupBlocks == 0 {
      text += "int16x8_t s[2][4];\nkdc_paired_begin(s, from, STARTS);\n"
      run = products(blocks.full, at: 0, tail: true, finishing: isOnce)
    } else {
      text += "KDC_UNROLL for (int i = 0; i < 8; i++) t[i / 4][i % 4] = vdupq_n_s32(0);\n"
      func group(_ count: Int, at k: Int, tail: Bool, finishing: Bool = false) -> String {
        "int16x8_t s[2][4];\nkdc_paired_begin(s, from, STARTS);\n"
          + products(count, at: k, tail: tail, finishing: finishing) + "kdc_paired_widen(t, s);\nfrom += 8;\n"
      }
      if isLooped {
        let step = paired.groupBlocks * 32
        run +=
          "for (int32_t g = 0; g < GROUPS; g++, a[0] += \(step), a[1] += \(step), w += \(step * 4)) {\n"
          + indented(group(paired.groupBlocks, at: 0, tail: false), 1) + "}\n"
      } else if paired.wholeGroups > 0 {
        run += "{\n" + indented(group(paired.groupBlocks, at: 0, tail: false, finishing: isOnce), 1) + "}\n"
      }
      if paired.hasRest {
        run +=
          "{\n" + indented(group(paired.restBlocks, at: restStart, tail: true, finishing: inRest), 1) + "}\n"
      }
    }
    if paired.runs > 1 {
      let back = moved > 0 ? " - \(moved)" : ""
      run +=
        "a[0] += RUN_ROW_STEP\(back), a[1] += RUN_ROW_STEP\(back), w += RUN_BYTES\(moved > 0 ? " - \(moved * 4)" : "");\n"
      run = "for (int32_t ky = 0; ky < RUN_ROWS; ky++) {\n" + indented(run, 1) + "}\n"
    }
    text += run
    if paired.groupBlocks == 0 {
      text += "KDC_UNROLL for (int i = 0; i < 8; i++) t[i / 4][i % 4] = vpaddlq_s16(s[i / 4][i % 4]);\n"
    }
    return text
  }

  var text: String {
    sums + "KDC_UNROLL for (int m = 0; m < 2; m++) h[m] = kdc_sum_4(t[m]);\ndone = at;\n"
  }

  /// From the sums h of a tile to its outputs at `done`.
  var finish: String {
    var body = "int32x4_t g[2] = {h[0], h[1]};\nKDC_UNROLL for (int m = 0; m < 2; m++) {\n"
    body += indented(
      epilogue.high("g[m]", bias: "base", multipliers: "scale", at: "done + m * OUT_CHANNELS"), 1)
    body += "}\nconst int8x8_t v = vqmovn_s16(\(epilogue.shifted(epilogue.narrow("g[0]", "g[1]"))));\n"
    body += "const int8x16_t y = \(epilogue.clamped("vcombine_s8(v, v)"));\n"
    let stores = "kdc_store_4(output + done, y, 0);\nkdc_store_4(output + done + OUT_CHANNELS, y, 1);\n"
    let tail = shape.geometry.outputChannels % 4
    if tail == 0 {
      body += stores
    } else {
      let some =
        "kdc_store_some(output + done, y, \(tail));\n"
        + "kdc_store_some(output + done + OUT_CHANNELS, vextq_s8(y, y, 4), \(tail));\n"
      body += "if (n + 4 <= OUT_CHANNELS) {\n" + indented(stores, 1) + "} else {\n" + indented(some, 1) + "}\n"
    }
    return "{\n" + indented(body, 1) + "}\n"
  }
}
