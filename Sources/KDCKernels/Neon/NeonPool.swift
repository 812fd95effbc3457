import KDCProgram

/// NEON for int8 windows: 16 channels at a time; the last channels of a pixel by a vector that overlaps the one before.
/// A unit is one row of the output.
enum NeonPool {
  static let maximum = StepFamily<MaxPoolStep>(
    name: "max_pool_16_neon", feature: .neon,
    refuses: { step, _ in step.geometry.inputChannels < 8 ? "fewer than 8 channels" : nil },
    cycles: { step, _, _ in
      let taps = Double(step.geometry.kernelHeight * step.geometry.kernelWidth)
      return pixels(step.geometry) * (blocks(step.geometry) * taps + 8)
    },
    emit: { step, _, _ in
      let g = step.geometry
      let isSmall = g.kernelHeight * g.kernelWidth <= 25
      var interior = ""
      if isSmall {
        interior = """
          if (y0 >= 0 && y0 + (K_H - 1) * DILATION_Y < IN_H && x0 >= 0 && x0 + (K_W - 1) * DILATION_X < IN_W) {
            const int8_t *restrict p = x + ((size_t)y0 * IN_W + (size_t)x0) * C;
          \(CText.indented(channelLoop(g) { lanes in inside(g, lanes) }))
            continue;
          }

          """
      }
      let body = """
        \(ScalarPool.sizes(g))
        const int8_t *restrict x = b[0];
        int8_t *restrict y = b[1];
        for (int oy = (int)begin; oy < (int)end; oy++) {
          const int y0 = oy * STRIDE_Y - TOP;
          for (int ox = 0; ox < OUT_W; ox++) {
            const int x0 = ox * STRIDE_X - LEFT;
            int8_t *restrict o = y + ((size_t)oy * OUT_W + (size_t)ox) * C;
        \(CText.indented(interior + channelLoop(g) { lanes in edge(lanes) }, by: 4))
          }
        }
        """
      return KernelCode(body: body, units: g.outputHeight, packings: [])
    })

  private static func inside(_ g: ConvolutionGeometry, _ lanes: Int) -> String {
    let q = lanes == 16 ? "q" : ""
    var text = ""
    for ky in 0..<g.kernelHeight {
      for kx in 0..<g.kernelWidth {
        let offset = (ky * g.dilationY * g.inputWidth + kx * g.dilationX) * g.inputChannels
        let value = "vld1\(q)_s8(p + i\(offset == 0 ? "" : " + \(offset)"))"
        text += text.isEmpty ? "int8x\(lanes)_t m = \(value);\n" : "m = vmax\(q)_s8(m, \(value));\n"
      }
    }
    return text + "vst1\(q)_s8(o + i, m);"
  }

  private static func edge(_ lanes: Int) -> String {
    let q = lanes == 16 ? "q" : ""
    return """
      int8x\(lanes)_t m = vdup\(q)_n_s8(-128);
      for (int ky = 0; ky < K_H; ky++) {
        const int iy = y0 + ky * DILATION_Y;
        if (iy < 0 || iy >= IN_H) continue;
        for (int kx = 0; kx < K_W; kx++) {
          const int ix = x0 + kx * DILATION_X;
          if (ix < 0 || ix >= IN_W) continue;
          m = vmax\(q)_s8(m, vld1\(q)_s8(x + ((size_t)iy * IN_W + (size_t)ix) * C + i));
        }
      }
      vst1\(q)_s8(o + i, m);
      """
  }

  static let average = StepFamily<AveragePoolStep>(
    name: "average_pool_16_neon", feature: .neon,
    refuses: { step, _ in
      let g = step.geometry
      if g.inputChannels < 8 { return "fewer than 8 channels" }
      if g.dilationY > 1 || g.dilationX > 1 { return "dilation" }
      // 255 values of int8 fit an int16 sum.
      return g.kernelWidth > 255 ? "more than 255 columns in the window" : nil
    },
    cycles: { step, _, _ in
      let taps = Double(step.geometry.kernelHeight * step.geometry.kernelWidth)
      return pixels(step.geometry) * (blocks(step.geometry) * (taps * 2.2 + 31) + 20)
    },
    emit: { step, _, _ in
      let g = step.geometry
      let q = step.requantization
      let body = """
        \(ScalarPool.sizes(g))
        enum { ZERO = \(step.inputZeroPoint), PADDED_H = \(step.paddedHeight), PADDED_W = \(step.paddedWidth) };
        const int8_t *restrict x = b[0];
        int8_t *restrict y = b[1];
        const int32_t *multipliers = c[0];
        for (int oy = (int)begin; oy < (int)end; oy++) {
          const int y0 = oy * STRIDE_Y - TOP, top = y0 < 0 ? 0 : y0, bottom = y0 + K_H < IN_H ? y0 + K_H : IN_H;
          for (int ox = 0; ox < OUT_W; ox++) {
            const int x0 = ox * STRIDE_X - LEFT, left = x0 < 0 ? 0 : x0, right = x0 + K_W < IN_W ? x0 + K_W : IN_W;
            const int inside = (bottom - top) * (right - left);
        \(CText.indented(divisor(step), by: 4))
            const int32_t m = multipliers[divisor - 1];
            const int32x4_t start = vdupq_n_s32(-ZERO * inside);
            const int16x8_t zero = vdupq_n_s16(\(q.zeroPoint));
            int8_t *restrict o = y + ((size_t)oy * OUT_W + (size_t)ox) * C;
        \(CText.indented(channelLoop(g) { lanes in mean(g, q, lanes) }, by: 4))
          }
        }
        """
      return KernelCode(body: body, units: g.outputHeight, packings: [.plain])
    })

  private static func divisor(_ step: AveragePoolStep) -> String {
    guard step.countIncludesPadding else { return "const int divisor = inside;" }
    return """
      const int rows = PADDED_H - oy * STRIDE_Y, columns = PADDED_W - ox * STRIDE_X;
      const int divisor = (rows < K_H ? rows : K_H) * (columns < K_W ? columns : K_W);
      """
  }

  private static func mean(_ g: ConvolutionGeometry, _ q: Requantization, _ lanes: Int) -> String {
    let halves = lanes / 8
    let fits = g.kernelHeight * g.kernelWidth <= 255
    let clear = (0..<halves).map { "s\($0) = vdupq_n_s16(0)" }.joined(separator: ", ")
    let sums = (0..<halves * 2).map { "a\($0) = start" }.joined(separator: ", ")
    let flush = (0..<halves).map {
      "a\($0 * 2) = vaddw_s16(a\($0 * 2), vget_low_s16(s\($0)));\n"
        + "a\($0 * 2 + 1) = vaddw_s16(a\($0 * 2 + 1), vget_high_s16(s\($0)));\n"
    }.joined()
    let load = lanes == 16 ? "const int8x16_t v = vld1q_s8(p);\n" : "const int8x8_t v = vld1_s8(p);\n"
    let add =
      lanes == 16
      ? "s0 = vaddw_s8(s0, vget_low_s8(v));\ns1 = vaddw_s8(s1, vget_high_s8(v));" : "s0 = vaddw_s8(s0, v);"
    func high(_ sum: String) -> String {
      "vqrdmulhq_n_s32(\(q.preShift == 0 ? sum : "vshlq_n_s32(\(sum), \(q.preShift))"), m)"
    }
    var text = "int32x4_t \(sums);\n"
    if fits { text += "int16x8_t \(clear);\n" }
    text += """
      for (int iy = top; iy < bottom; iy++) {
        const int8_t *restrict p = x + ((size_t)iy * IN_W + (size_t)left) * C + i;
      \(fits ? "" : "  int16x8_t \(clear);\n")  for (int ix = left; ix < right; ix++, p += C) {
      \(CText.indented(load + add, by: 4))
        }
      \(fits ? "" : CText.indented(flush))}
      \(fits ? flush : "")
      """
    for half in 0..<halves {
      text += "const int16x8_t r\(half) = vqaddq_s16("
      text += NeonText.narrow(high("a\(half * 2)"), high("a\(half * 2 + 1)"), shift: q.shift) + ", zero);\n"
    }
    let narrow = lanes == 16 ? "vqmovn_high_s16(vqmovn_s16(r0), r1)" : "vqmovn_s16(r0)"
    return text
      + "vst1\(lanes == 16 ? "q" : "")_s8(o + i, \(NeonText.clamp(narrow, q, wide: lanes == 16)));"
  }

  // MARK: Parts

  /// All channels of a pixel in vectors of 16 and 8 from channel i on; the last one overlaps.
  private static func channelLoop(_ g: ConvolutionGeometry, _ body: (Int) -> String) -> String {
    let channels = g.inputChannels
    var text = ""
    if channels >= 16 {
      text += "for (size_t i = 0; i + 16 <= C; i += 16) {\n\(CText.indented(body(16)))\n}\n"
    }
    let rest = channels % 16
    if rest > 8 && channels >= 16 {
      text += "{\n  const size_t i = C - 16;\n\(CText.indented(body(16)))\n}\n"
    } else if rest > 0 {
      if rest > 8 { text += "{\n  const size_t i = 0;\n\(CText.indented(body(8)))\n}\n" }
      text += "{\n  const size_t i = C - 8;\n\(CText.indented(body(8)))\n}\n"
    }
    return String(text.dropLast())
  }

  private static func pixels(_ g: ConvolutionGeometry) -> Double { Double(g.outputHeight * g.outputWidth) }
  private static func blocks(_ g: ConvolutionGeometry) -> Double { Double((g.inputChannels + 15) / 16) }
}
