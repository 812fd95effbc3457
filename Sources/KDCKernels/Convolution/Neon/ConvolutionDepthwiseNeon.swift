import KDCProgram
import KDCTargets

/// Depthwise convolution on NEON: 16 channels of one output pixel at a time, pairs of taps summed in int16 (SMULL,
/// SMLAL) and widened into int32 (SADDW).
///
/// A unit is a band of output rows. Where windows leave the image, it keeps the rows it needs, padded with the zero
/// point, in a ring of rows in the workspace; in a chain such a ring is its input. Reads up to 15 bytes past a pixel.
struct ConvolutionDepthwiseNeon: RowFamily {
  /// All taps are summed in 16 bits and widened once: where weights and values of the input let them.
  var isShort = false
  var rows: RowUnits?
  var readsRings: Bool { true }
  var name: String { isShort ? "conv_depthwise_short_neon" : "conv_depthwise_neon" }

  func plan(_ step: ConvolutionStep, in program: Program, on target: Target) throws(Refusal) -> DepthwiseRows {
    try target.require(.neon)
    let rows = try DepthwiseRows(step, units: rows)
    let g = step.geometry
    if g.kernelWidth > 32 { throw Refusal("the window is wider than 32") }
    if isShort {
      if g.kernelHeight * g.kernelWidth > 25 { throw Refusal("the window has more than 25 values") }
      if !Self.sumsAreShort(step, in: program) { throw Refusal("sums of the window can leave int16") }
    }
    return rows
  }

  /// Whether Σ a·w of every channel fits int16 for all values that the input can hold.
  private static func sumsAreShort(_ step: ConvolutionStep, in program: Program) -> Bool {
    guard program.constants.indices.contains(step.weights.index),
      case .int8(let weights) = program.constants[step.weights.index].tensor.elements
    else { return false }
    let a = program.ranges[step.input].union(step.inputZeroPoint...step.inputZeroPoint)
    let taps = step.geometry.kernelHeight * step.geometry.kernelWidth
    return stride(from: 0, to: weights.count, by: taps).allSatisfy { start in
      var (low, high) = (0, 0)
      for w in weights[start..<min(start + taps, weights.count)] {
        low += min(Int(w) * a.lowerBound, Int(w) * a.upperBound)
        high += max(Int(w) * a.lowerBound, Int(w) * a.upperBound)
      }
      return low >= -32768 && high <= 32767
    }
  }

  func cycles(_ rows: DepthwiseRows) -> Double {
    let g = rows.g
    let blocks = Double(g.outputHeight * g.outputWidth * ((g.inputChannels + 15) / 16))
    let taps = Double(g.kernelHeight * g.kernelWidth)
    return blocks * (taps * 2 + (isShort ? 7.5 : 15)) + Double(rows.copiedBytes) / 5 + Double(g.outputHeight) * 40
  }

  func emit(_ rows: DepthwiseRows) -> KernelCode {
    let shape = ConvolutionEmission(rows.step)
    let tile = DepthwiseTileNeon(shape: shape, rows: rows, isShort: isShort)
    let g = shape.geometry
    return KernelCode(
      numbers: rows.constants + tile.constants + shape.requantization,
      body: shape.pointers(workspace: rows.copies) + rows.loops(around: tile.text),
      units: rows.units, workspaceBytes: rows.workspaceBytes,
      packings: [
        .panels(
          rows: g.inputChannels, runs: g.kernelHeight * g.kernelWidth, length: 1, nr: (g.inputChannels + 15) / 16 * 16,
          kr: 1, widened: false), .plain, .plain,
      ])
  }
}

/// The C of one row of output pixels. Expects `row[ky]`, the input of the row's first window, and `row_at`, the row's index
/// in the output.
private struct DepthwiseTileNeon {
  let shape: ConvolutionEmission
  let rows: DepthwiseRows
  private var g: ConvolutionGeometry { shape.geometry }
  private var taps: Int { g.kernelHeight * g.kernelWidth }
  /// Whether the sum of all taps fits 16 bits.
  var isShort = false
  private var channels: Int { g.inputChannels }

  var constants: [KernelNumber] {
    [.fixed("TAPS", taps), .varying("LANES", (channels + 15) / 16 * 16), .varying("TAP_STEP", g.dilationX * channels)]
      + (taps > 25 ? [.varying("KERNEL_WIDTH", g.kernelWidth)] : [])
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

  private func place(_ tap: Int) -> (a: String, w: String) {
    let ky = tap / g.kernelWidth
    let kx = tap % g.kernelWidth
    return (
      "vld1q_s8(p\(ky)\(kx == 0 ? "" : " + \(kx) * TAP_STEP"))",
      inRegisters ? "k[\(tap)]" : "vld1q_s8(w + \(tap) * LANES)"
    )
  }

  /// All taps to the 16-bit sums l and h.
  private var shortSums: String {
    (0..<taps).map { tap in
      "{\n  const int8x16_t a = \(place(tap).a), v = \(place(tap).w);\n"
        + "  l = vmlal_s8(l, vget_low_s8(a), vget_low_s8(v)), h = vmlal_high_s8(h, a, v);\n}\n"
    }.joined()
  }

  private var sums: String {
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
      + "  const int8_t *q = row[ky] + n + x * STEP;\n" + indented(text, 1) + "}\n"
  }

  var text: String {
    let small = channels < 16
    var text = "for (int32_t block = 0; block < CHANNELS; block += 16) {\n"
    var body =
      small
      ? "const int32_t n = block;\n"
      : "const int32_t n = block < CHANNELS - 16 ? block : CHANNELS - 16;  // the last block overlaps\n"
    body += "const int8_t *w = weights + n;\n"
    if inRegisters {
      body += "int8x16_t k[TAPS];\nKDC_UNROLL for (int t = 0; t < TAPS; t++) k[t] = vld1q_s8(w + t * LANES);\n"
    }
    let unrolled = taps <= 25
    if unrolled {
      body += "const int8_t " + (0..<g.kernelHeight).map { "*p\($0) = row[\($0)] + n" }.joined(separator: ", ") + ";\n"
    }
    let advance = unrolled ? (0..<g.kernelHeight).map { ", p\($0) += STEP" }.joined() : ""
    body += "for (int32_t x = 0; x < OUT_WIDTH; x++\(advance)) {\n" + indented(pixel, 1) + "}\n"
    text += indented(body, 1) + "}\n"
    return text
  }

  private var pixel: String {
    var text = "int32x4_t s[4];\n"
    if isShort {
      text += "int16x8_t l = vdupq_n_s16(0), h = l;\n" + shortSums
      text +=
        "s[0] = vaddw_s16(vld1q_s32(bias + n), vget_low_s16(l)), s[1] = vaddw_high_s16(vld1q_s32(bias + n + 4), l);\n"
      text +=
        "s[2] = vaddw_s16(vld1q_s32(bias + n + 8), vget_low_s16(h)), s[3] = vaddw_high_s16(vld1q_s32(bias + n + 12), h);\n"
    } else {
      text += "KDC_UNROLL for (int i = 0; i < 4; i++) s[i] = vld1q_s32(bias + n + 4 * i);\n" + sums
    }
    return text + Self.store(shape)
  }

  /// From the sums s[4] of the channels at c to the output at pixel x of the row.
  static func store(_ shape: ConvolutionEmission, pixel: String = "x") -> String {
    let epilogue = NeonRequantization(step: shape.step)
    let text =
      "const ptrdiff_t to = row_at + (\(pixel)) * CHANNELS + n;\n"
      + epilogue.sixteen(sums: "s", multipliers: "multipliers + n", at: "to")
    if shape.geometry.inputChannels >= 16 { return text + "vst1q_s8(output + to, values);\n" }
    return text + "int8_t some[16];\nvst1q_s8(some, values);\n"
      + "for (int32_t i = 0; i < CHANNELS; i++) output[to + i] = some[i];\n"
  }
}
