import KDCProgram

/// The C of `ConvolutionFastNeon`: the sums that lanes start from, and one tile of 2 pixels by 4 channels. Expects `a[]`
/// (window of each pixel), `panel`, `n` (first channel), `p` (first pixel of the band) and `at` (its output index).
struct ConvolutionTileFastNeon {
  let shape: ConvolutionEmission
  let bands: ConvolutionBands
  let fast: FastPlan
  private var blocks: PairedBlocks { fast.blocks }
  private var epilogue: NeonRequantization { NeonRequantization(step: shape.step) }

  var helpers: Set<String> { epilogue.helpers.union(["kdc_fast_2x4", "kdc_sum_4", "kdc_store_4", "kdc_ahead"]) }

  var constants: [KernelNumber] {
    var list: [KernelNumber] = [
      .most("START_SIZE", (bands.bandPixels + 4) * fast.groups * 8), .varying("STARTS", fast.groups * 8),
      .varying("PANEL", 4 * (4 + fast.runs * blocks.paddedLength)),
    ]
    if fast.runs > 1 {
      list += [
        .varying("RUN_ROWS", fast.runs), .varying("RUN_ROW_STEP", shape.geometry.dilationY * bands.pitch),
        .varying("RUN_BYTES", blocks.paddedLength * 4),
      ]
    }
    if isLooped { list += [.varying("GROUPS", fast.wholeGroups)] }
    return list
  }

  /// Whether the whole groups of a run are a loop, which moves the pointers.
  private var isLooped: Bool { fast.wholeGroups > 1 }
  /// Loops over weights fetch them ahead: longer rows of weights than the first cache holds many of.
  private var fetchesAhead: Bool { isLooped || fast.runs > 1 }
  /// Columns that the loop has moved the pointers by, or that stand before the rest without a loop.
  private var moved: Int { isLooped ? fast.wholeGroups * fast.groupBlocks * 32 : 0 }
  private var restStart: Int { isLooped ? 0 : fast.wholeGroups * fast.groupBlocks * 32 }

  /// Before the loops over units.
  var declaration: String { "  int16_t start[START_SIZE];  // minus the sums of a·a′\n" }

  /// For the pixels of a band.
  var starts: String {
    let window = bands.isDense ? "image + i * IN_CHANNELS" : "image + offset[i]"
    var text =
      "for (int32_t i = 0; i < count; i++) {\n  const int8_t *a = \(window);\n  int16_t *to = start + i * STARTS;\n"
    func sums(_ count: Int, at k: Int, tail: Bool, into s: String) -> String {
      let from = k == 0 ? "a" : "a + \(k)"
      var line = count > 0 ? "\(s) = kdc_fast_start(\(s), \(from), \(count));\n" : ""
      if tail, blocks.hasHalf { line += "\(s) = kdc_fast_start_half(\(s), a + \(k + count * 32));\n" }
      return line
    }
    var run = ""
    if fast.groupBlocks == 0 {
      text += "  int16x8_t s = vdupq_n_s16(0);\n"
      run = sums(blocks.full, at: 0, tail: true, into: "s")
    } else {
      func group(_ count: Int, at k: Int, tail: Bool) -> String {
        "int16x8_t s = vdupq_n_s16(0);\n" + sums(count, at: k, tail: tail, into: "s") + "vst1q_s16(to, s), to += 8;\n"
      }
      if isLooped {
        run +=
          "for (int32_t g = 0; g < GROUPS; g++, a += \(fast.groupBlocks * 32)) {\n"
          + indented(group(fast.groupBlocks, at: 0, tail: false), 1) + "}\n"
      } else if fast.wholeGroups > 0 {
        run += "{\n" + indented(group(fast.groupBlocks, at: 0, tail: false), 1) + "}\n"
      }
      if fast.hasRest { run += "{\n" + indented(group(fast.restBlocks, at: restStart, tail: true), 1) + "}\n" }
    }
    if fast.runs > 1 {
      let back = moved > 0 ? " - \(moved)" : ""
      run = "for (int32_t ky = 0; ky < RUN_ROWS; ky++, a += RUN_ROW_STEP\(back)) {\n" + indented(run, 1) + "}\n"
    }
    text += indented(run, 1)
    if fast.groupBlocks == 0 { text += "  vst1q_s16(to, s);\n" }
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
      if fetchesAhead { text += "kdc_ahead(w + \(at)), kdc_ahead(w + \(at + 64));\n" }
      call("kdc_fast_2x4", k + block * 32)
    }
    guard tail else { return text }
    if blocks.hasHalf { call("kdc_fast_2x4_half", k + count * 32) }
    if blocks.plain > 0 {
      call(blocks.plain == 8 ? "kdc_plain_2x4_half" : "kdc_plain_2x4", k + count * 32 + (blocks.hasHalf ? 16 : 0))
    }
    return text
  }

  private var sums: String {
    var text = "const int16_t *from = start + p * STARTS;\nconst int8_t *w = panel + 16;\nint32x4_t t[2][4];\n"
    var run = ""
    // Where code runs once a tile, as early as it may be.
    let isOnce = fast.runs == 1
    let inRest = isOnce && fast.hasRest && fast.wholeGroups != 1
    if !isOnce || isLooped && !fast.hasRest { text += finish }
    if fast.groupBlocks == 0 {
      text += "int16x8_t s[2][4];\nkdc_fast_begin(s, from, STARTS);\n"
      run = products(blocks.full, at: 0, tail: true, finishing: isOnce)
    } else {
      text += "KDC_UNROLL for (int i = 0; i < 8; i++) t[i / 4][i % 4] = vdupq_n_s32(0);\n"
      func group(_ count: Int, at k: Int, tail: Bool, finishing: Bool = false) -> String {
        "int16x8_t s[2][4];\nkdc_fast_begin(s, from, STARTS);\n"
          + products(count, at: k, tail: tail, finishing: finishing) + "kdc_fast_widen(t, s);\nfrom += 8;\n"
      }
      if isLooped {
        let step = fast.groupBlocks * 32
        run +=
          "for (int32_t g = 0; g < GROUPS; g++, a[0] += \(step), a[1] += \(step), w += \(step * 4)) {\n"
          + indented(group(fast.groupBlocks, at: 0, tail: false), 1) + "}\n"
      } else if fast.wholeGroups > 0 {
        run += "{\n" + indented(group(fast.groupBlocks, at: 0, tail: false, finishing: isOnce), 1) + "}\n"
      }
      if fast.hasRest {
        run +=
          "{\n" + indented(group(fast.restBlocks, at: restStart, tail: true, finishing: inRest), 1) + "}\n"
      }
    }
    if fast.runs > 1 {
      let back = moved > 0 ? " - \(moved)" : ""
      run +=
        "a[0] += RUN_ROW_STEP\(back), a[1] += RUN_ROW_STEP\(back), w += RUN_BYTES\(moved > 0 ? " - \(moved * 4)" : "");\n"
      run = "for (int32_t ky = 0; ky < RUN_ROWS; ky++) {\n" + indented(run, 1) + "}\n"
    }
    text += run
    if fast.groupBlocks == 0 {
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
