import KDCProgram

/// Kernels of `AveragePoolStep`; a unit is one row of the output.
enum AveragePoolKernels {
  static let scalar = StepFamily<AveragePoolStep>(
    name: "average_pool_scalar", cycles: { step in PoolText.taps(step.geometry) * 0.3 },
    emit: { step in
      let q = step.requantization
      let body = """
        \(PoolText.sizes(step.geometry))
        enum { BLOCK = 64, ZERO = \(step.inputZeroPoint), PADDED_H = \(step.paddedHeight), PADDED_W = \(step.paddedWidth) };
        const int8_t *restrict x = b[0];
        int8_t *restrict y = b[1];
        const int32_t *multipliers = c[0];
        for (int oy = (int)begin; oy < (int)end; oy++) {
          for (int ox = 0; ox < OUT_W; ox++) {
            for (size_t c0 = 0; c0 < C; c0 += BLOCK) {
              const size_t n = C - c0 < BLOCK ? C - c0 : BLOCK;
              int32_t acc[BLOCK] = {0};
              int inside = 0, padded = 0;
              for (int ky = 0; ky < K_H; ky++) {
                const int iy = oy * STRIDE_Y + ky * DILATION_Y - TOP;
                for (int kx = 0; kx < K_W; kx++) {
                  const int ix = ox * STRIDE_X + kx * DILATION_X - LEFT;
                  padded += iy + TOP < PADDED_H && ix + LEFT < PADDED_W;
                  if (iy < 0 || iy >= IN_H || ix < 0 || ix >= IN_W) continue;
                  inside++;
                  const int8_t *restrict p = x + ((size_t)iy * IN_W + (size_t)ix) * C + c0;
                  for (size_t i = 0; i < n; i++) acc[i] += p[i] - ZERO;
                }
              }
              const int divisor = \(step.countIncludesPadding ? "padded" : "inside");
              const int32_t m = multipliers[divisor > 0 ? divisor - 1 : 0];
              (void)\(step.countIncludesPadding ? "inside" : "padded");
              int8_t *restrict o = y + ((size_t)oy * OUT_W + (size_t)ox) * C + c0;
              for (size_t i = 0; i < n; i++) {
                const int32_t h = kdc_rdmulh((int32_t)((uint32_t)acc[i] << \(q.preShift)), m);
                o[i] = kdc_finish(h, \(q.shift), \(q.zeroPoint), \(q.low), \(q.high));
              }
            }
          }
        }
        """
      return KernelCode(
        body: body, units: step.geometry.outputHeight, packings: [.plain])
    })

  static let neon = StepFamily<AveragePoolStep>(
    name: "average_pool_16_neon", feature: .neon,
    refuses: { step in
      let g = step.geometry
      if g.inputChannels < 8 { return "fewer than 8 channels" }
      if g.dilationY > 1 || g.dilationX > 1 { return "dilation" }
      // 255 values of int8 fit an int16 sum.
      return g.kernelWidth > 255 ? "more than 255 columns in the window" : nil
    },
    cycles: { step in
      let taps = Double(step.geometry.kernelHeight * step.geometry.kernelWidth)
      return PoolText.pixels(step.geometry) * (PoolText.blocks(step.geometry) * (taps * 2.2 + 31) + 20)
    },
    emit: { step in
      let g = step.geometry
      let q = step.requantization
      let body = """
        \(PoolText.sizes(g))
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
        \(CText.indented(PoolText.channelLoop(g) { lanes in mean(g, q, lanes) }, by: 4))
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
}
