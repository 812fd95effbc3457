import KDCProgram

/// The C of `ConvolutionColumnsFastNeon`: the sums of a·a′ of every pixel and part, and one tile of a pixel by some
/// vectors of 16 channels. Expects `a[0]`, `panel`, `n` (first channel), `p` (pixel of the band) and `at`.
struct ConvolutionTileColumns {
  let shape: ConvolutionEmission
  let plan: ConvolutionColumnsFastNeon.Plan
  private var pairs: PairedColumns { plan.pairs }
  private var epilogue: NeonRequantization { NeonRequantization(step: shape.step) }

  var helpers: Set<String> { ["kdc_columns"] }

  var constants: [KernelNumber] {
    var list: [KernelNumber] = [
      .most("START_SIZE", (plan.bands.bandPixels + 4) * plan.parts),
      .fixed("PARTS", plan.parts), .fixed("VECTORS", plan.vectors),
      .varying("PANEL", PairedColumns.panelBytes(pairs, nr: plan.vectors * 16, part: plan.part)),
    ]
    if pairs.runs > 1 { list.append(.varying("RUN_STEP", shape.geometry.dilationY * plan.bands.pitch)) }
    return list
  }

  /// Before the loops over units.
  var declaration: String { "  int16_t start[START_SIZE];  // sums of a·a′\n" }

  private func place(_ index: Int) -> String {
    let (run, column) = (index / pairs.length, index % pairs.length)
    return "a" + (run == 0 ? "" : run == 1 ? " + RUN_STEP" : " + \(run) * RUN_STEP")
      + (column == 0 ? "" : " + \(column)")
  }

  /// For the pixels of a band.
  var starts: String {
    let window = plan.bands.isDense ? "image + i * IN_CHANNELS" : "image + offset[i]"
    var text = "for (int32_t i = 0; i < count; i++) {\n  const int8_t *a = \(window);\n"
    for part in 0..<plan.parts {
      let last = min((part + 1) * plan.part, pairs.count)
      text += "  {\n    int16x8_t s = vdupq_n_s16(0);\n"
      var index = part * plan.part
      while index < last {
        let (i, j) = pairs.pair(index)
        // Pairs whose values follow each other in both runs.
        var count = 1
        while index + count < last, count < 8, pairs.pair(index + count) == (i + count, j + count),
          (i + count) / pairs.length == i / pairs.length
        {
          count += 1
        }
        let mask = count == 8 ? "" : "0x" + String(repeating: "ff", count: count) + "u"
        let first = "vld1_s8(\(place(i)))"
        let kept = mask.isEmpty ? first : "vand_s8(\(first), vcreate_s8(\(mask)ll))"
        text += "    s = vmlal_s8(s, \(kept), vld1_s8(\(place(j))));\n"
        index += count
      }
      text += "    start[i * PARTS\(part == 0 ? "" : " + \(part)")] = vaddvq_s16(s);\n  }\n"
    }
    return text + "}\n"
  }

  var panel: String { "const int8_t *panel = weights + (ptrdiff_t)(n / (16 * VECTORS)) * PANEL;\n" }

  /// The value of an index in all lanes.
  private func lanes(_ index: Int) -> String {
    let (run, column) = (index / pairs.length, index % pairs.length)
    return "vdupq_laneq_s8(x[\(run * plan.runVectors + column / 16)], \(column % 16))"
  }

  private var sums: String {
    let nr = plan.vectors * 16
    let count = pairs.runs * plan.runVectors
    var text = "int8x16_t x[\(count)];\n"
    for run in 0..<pairs.runs {
      for vector in 0..<plan.runVectors {
        let row = run == 0 ? "" : run == 1 ? " + RUN_STEP" : " + \(run) * RUN_STEP"
        text +=
          "x[\(run * plan.runVectors + vector)] = vld1q_s8(a[0]\(row)\(vector == 0 ? "" : " + \(vector * 16)"));\n"
      }
    }
    text += "int32x4_t t[4 * VECTORS];\n"
    text += "KDC_UNROLL for (int i = 0; i < 4 * VECTORS; i++) t[i] = vld1q_s32(bias + n + 4 * i);\n"
    var to = 0
    for part in 0..<plan.parts {
      let first = part * plan.part
      let last = min(first + plan.part, pairs.count)
      text += "{\n  int16x8_t s[2 * VECTORS];\n"
      text +=
        "  kdc_columns_begin(s, panel\(to == 0 ? "" : " + \(to)"), start[p * PARTS\(part == 0 ? "" : " + \(part)")], VECTORS);\n"
      to += nr * 2
      for index in first..<last {
        let (i, j) = pairs.pair(index)
        text += "  kdc_columns(s, \(lanes(i)), \(lanes(j)), panel + \(to), VECTORS);\n"
        to += nr * 2
      }
      if part == plan.parts - 1, pairs.hasSingle {
        text += "  kdc_columns_single(s, \(lanes(pairs.singleIndex)), panel + \(to), VECTORS);\n"
      }
      text += "  KDC_UNROLL for (int i = 0; i < 2 * VECTORS; i++) {\n"
      text += "    t[2 * i] = vaddw_s16(t[2 * i], vget_low_s16(s[i]));\n"
      text += "    t[2 * i + 1] = vaddw_high_s16(t[2 * i + 1], s[i]);\n  }\n}\n"
    }
    return text
  }

  var text: String {
    let tail = shape.geometry.outputChannels % 16
    var body = epilogue.sixteen(sums: "s", multipliers: "multipliers + n + 16 * v", at: "at + 16 * v")
    body = "int32x4_t s[4] = {t[4 * v], t[4 * v + 1], t[4 * v + 2], t[4 * v + 3]};\n" + body
    if tail == 0 {
      body += "vst1q_s8(output + at + 16 * v, y);\n"
    } else {
      body +=
        "if (n + 16 * v + 16 <= OUT_CHANNELS) {\n  vst1q_s8(output + at + 16 * v, y);\n} else {\n"
        + "  int8_t some[16];\n  vst1q_s8(some, y);\n"
        + "  for (int32_t i = 0; i < \(tail); i++) output[at + 16 * v + i] = some[i];\n}\n"
    }
    return sums + "KDC_UNROLL for (int v = 0; v < VECTORS; v++) {\n" + indented(body, 1) + "}\n"
  }
}
