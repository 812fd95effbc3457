import KDCProgram
import KDCTargets

/// Depthwise convolution on NEON: 16 channels of one output pixel at a time, pairs of taps summed in int16 (SMULL,
/// SMLAL) and widened into int32 (SADDW).
///
/// A unit is a band of output rows. Where windows leave the image, it keeps the rows it needs, padded with the zero
/// point, in a ring of rows in its part of the workspace. Reads up to 15 bytes past a pixel.
struct ConvolutionDepthwiseNeon: ConvolutionFamily {
  let name = "conv_depthwise_neon"

  func refusal(of step: any Step, in program: Program, on target: Target) -> String? {
    guard let step = step as? ConvolutionStep else { return "not an integer convolution" }
    guard target.features.contains("neon") else { return "the target has no NEON" }
    let g = step.geometry
    if !g.isDepthwise { return "not one output channel for each input channel" }
    if g.kernelWidth > 32 { return "the window is wider than 32" }
    return DepthwiseRows(step).ringBytes < 1 << 28 ? nil : "rows are too long"
  }

  func cycles(of step: any Step, in program: Program, on target: Target) -> Double {
    guard let step = step as? ConvolutionStep else { return .infinity }
    let g = step.geometry
    let rows = DepthwiseRows(step)
    let blocks = Double(g.outputHeight * g.outputWidth * ((g.inputChannels + 15) / 16))
    let taps = Double(g.kernelHeight * g.kernelWidth)
    return blocks * (taps * 2 + 15) + Double(rows.copiedBytes) / 5 + Double(g.outputHeight) * 40
  }

  func emit(_ step: any Step, in program: Program, on target: Target) throws -> KernelCode {
    let shape = try ConvolutionEmission(step)
    let rows = DepthwiseRows(shape.step)
    let tile = DepthwiseTileNeon(shape: shape, rows: rows)
    let g = shape.geometry
    return KernelCode(
      body: shape.heading(name)
        + ConvolutionEmission.constants(rows.constants + tile.constants + shape.requantization)
        + shape.pointers(workspace: rows.isPadded) + rows.loops(around: tile.text),
      helpers: rows.helpers.union(["KDC_INLINE"]), units: rows.units, workspaceBytes: rows.workspaceBytes,
      packings: [
        .panels(
          rows: g.inputChannels, runs: g.kernelHeight * g.kernelWidth, length: 1, nr: (g.inputChannels + 15) / 16 * 16,
          kr: 1, widened: false), .plain, .plain,
      ])
  }
}

/// The C of one row of output pixels. Expects `row[ky]`, the input of the row's first window, and `at`, the row's index
/// in the output.
struct DepthwiseTileNeon {
  let shape: ConvolutionEmission
  let rows: DepthwiseRows
  private var g: ConvolutionGeometry { shape.geometry }
  private var taps: Int { g.kernelHeight * g.kernelWidth }
  private var epilogue: NeonRequantization { NeonRequantization(step: shape.step) }
  private var channels: Int { g.inputChannels }

  var constants: [(String, Int)] {
    [("TAPS", taps), ("LANES", (channels + 15) / 16 * 16), ("TAP_STEP", g.dilationX * channels)]
      + (taps > 25 ? [("KERNEL_WIDTH", g.kernelWidth)] : [])
  }

  /// Two taps (or one) from `row` by the weights `w0`, `w1` to the sums.
  private func pair(_ a0: String, _ w0: String, _ second: (a: String, w: String)?) -> String {
    var text = "{\n  const int8x16_t a0 = \(a0), w0 = \(w0);\n"
    text += "  int16x8_t l = vmull_s8(vget_low_s8(a0), vget_low_s8(w0)), h = vmull_high_s8(a0, w0);\n"
    if let second {
      text += "  const int8x16_t a1 = \(second.a), w1 = \(second.w);\n"
      text += "  l = vmlal_s8(l, vget_low_s8(a1), vget_low_s8(w1)), h = vmlal_high_s8(h, a1, w1);\n"
    }
    text += "  s[0] = vaddw_s16(s[0], vget_low_s16(l)), s[1] = vaddw_high_s16(s[1], l);\n"
    text += "  s[2] = vaddw_s16(s[2], vget_low_s16(h)), s[3] = vaddw_high_s16(s[3], h);\n}\n"
    return text
  }

  private var inRegisters: Bool { taps <= 9 }

  private var sums: String {
    func place(_ tap: Int) -> (a: String, w: String) {
      let ky = tap / g.kernelWidth
      let kx = tap % g.kernelWidth
      return (
        "vld1q_s8(p\(ky)\(kx == 0 ? "" : " + \(kx) * TAP_STEP"))",
        inRegisters ? "k[\(tap)]" : "vld1q_s8(w + \(tap) * LANES)"
      )
    }
    var text = ""
    if taps <= 25 {
      for tap in stride(from: 0, to: taps, by: 2) {
        text += pair(place(tap).a, place(tap).w, tap + 1 < taps ? place(tap + 1) : nil)
      }
      return text
    }
    func inRow(_ kx: Int) -> (a: String, w: String) {
      ("vld1q_s8(q + \(kx) * TAP_STEP)", "vld1q_s8(v + \(kx) * LANES)")
    }
    for kx in stride(from: 0, to: g.kernelWidth, by: 2) {
      text += pair(inRow(kx).a, inRow(kx).w, kx + 1 < g.kernelWidth ? inRow(kx + 1) : nil)
    }
    return "const int8_t *v = w;\nfor (int32_t ky = 0; ky < RING_TAPS; ky++, v += KERNEL_WIDTH * LANES) {\n"
      + "  const int8_t *q = row[ky] + c + x * STEP;\n" + indented(text, 1) + "}\n"
  }

  var text: String {
    let small = channels < 16
    var text = "for (int32_t block = 0; block < CHANNELS; block += 16) {\n"
    var body =
      small
      ? "const int32_t c = block;\n"
      : "const int32_t c = block < CHANNELS - 16 ? block : CHANNELS - 16;  // the last block overlaps\n"
    body += "const int8_t *w = weights + c;\n"
    if inRegisters {
      body += "int8x16_t k[TAPS];\nKDC_UNROLL for (int t = 0; t < TAPS; t++) k[t] = vld1q_s8(w + t * LANES);\n"
    }
    let unrolled = taps <= 25
    if unrolled {
      body += "const int8_t " + (0..<g.kernelHeight).map { "*p\($0) = row[\($0)] + c" }.joined(separator: ", ") + ";\n"
    }
    let advance = unrolled ? (0..<g.kernelHeight).map { ", p\($0) += STEP" }.joined() : ""
    body += "for (int32_t x = 0; x < OUT_WIDTH; x++\(advance)) {\n" + indented(pixel, 1) + "}\n"
    text += indented(body, 1) + "}\n"
    return text
  }

  private var pixel: String {
    let r = shape.step.requantization
    var text = "int32x4_t s[4];\nKDC_UNROLL for (int i = 0; i < 4; i++) s[i] = vld1q_s32(bias + c + 4 * i);\n" + sums
    let before = r.preShift > 0 ? "vshlq_n_s32(s[i], PRE_SHIFT)" : "s[i]"
    text +=
      "KDC_UNROLL for (int i = 0; i < 4; i++) s[i] = vqrdmulhq_s32(\(before), vld1q_s32(multipliers + c + 4 * i));\n"
    text += "const ptrdiff_t to = at + x * CHANNELS + c;\n"
    if shape.step.residual != nil {
      text += """
        const int8x16_t r = vld1q_s8(residual + to), zero = vdupq_n_s8(RESIDUAL_ZERO);
        const int16x8_t r0 = vsubl_s8(vget_low_s8(r), vget_low_s8(zero)), r1 = vsubl_high_s8(r, zero);
        s[0] = vmlal_n_s16(s[0], vget_low_s16(r0), RESIDUAL_MULTIPLIER);
        s[1] = vmlal_high_n_s16(s[1], r0, RESIDUAL_MULTIPLIER);
        s[2] = vmlal_n_s16(s[2], vget_low_s16(r1), RESIDUAL_MULTIPLIER);
        s[3] = vmlal_high_n_s16(s[3], r1, RESIDUAL_MULTIPLIER);

        """
    }
    text += "const int16x8_t t0 = \(epilogue.shifted(epilogue.narrow("s[0]", "s[1]")));\n"
    text += "const int16x8_t t1 = \(epilogue.shifted(epilogue.narrow("s[2]", "s[3]")));\n"
    text += "const int8x16_t y = \(epilogue.clamped("vqmovn_high_s16(vqmovn_s16(t0), t1)"));\n"
    if channels >= 16 { return text + "vst1q_s8(output + to, y);\n" }
    return text + "int8_t some[16];\nvst1q_s8(some, y);\n"
      + "for (int32_t i = 0; i < CHANNELS; i++) output[to + i] = some[i];\n"
  }
}
