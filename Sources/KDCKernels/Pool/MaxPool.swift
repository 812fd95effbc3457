import KDCProgram

/// Kernels of `MaxPoolStep`; a unit is one row of the output.
enum MaxPoolKernels {
  static let scalar = StepFamily<MaxPoolStep>(
    name: "max_pool_scalar", cycles: { step in PoolText.taps(step.geometry) * 0.25 },
    emit: { step in
      let body = """
        \(PoolText.sizes(step.geometry))
        const int8_t *restrict x = b[0];
        int8_t *restrict y = b[1];
        for (int oy = (int)begin; oy < (int)end; oy++) {
          for (int ox = 0; ox < OUT_W; ox++) {
            int8_t *restrict o = y + ((size_t)oy * OUT_W + (size_t)ox) * C;
            for (size_t i = 0; i < C; i++) o[i] = -128;
            for (int ky = 0; ky < K_H; ky++) {
              const int iy = oy * STRIDE_Y + ky * DILATION_Y - TOP;
              if (iy < 0 || iy >= IN_H) continue;
              for (int kx = 0; kx < K_W; kx++) {
                const int ix = ox * STRIDE_X + kx * DILATION_X - LEFT;
                if (ix < 0 || ix >= IN_W) continue;
                const int8_t *restrict p = x + ((size_t)iy * IN_W + (size_t)ix) * C;
                for (size_t i = 0; i < C; i++) o[i] = p[i] > o[i] ? p[i] : o[i];
              }
            }
          }
        }
        """
      return KernelCode(body: body, units: step.geometry.outputHeight)
    })

  static let neon = StepFamily<MaxPoolStep>(
    name: "max_pool_16_neon", feature: .neon,
    refuses: { step in step.geometry.inputChannels < 8 ? "fewer than 8 channels" : nil },
    cycles: { step in
      let taps = Double(step.geometry.kernelHeight * step.geometry.kernelWidth)
      return PoolText.pixels(step.geometry) * (PoolText.blocks(step.geometry) * taps + 8)
    },
    emit: { step in
      let g = step.geometry
      let isSmall = g.kernelHeight * g.kernelWidth <= 25
      var interior = ""
      if isSmall {
        interior = """
          if (y0 >= 0 && y0 + (K_H - 1) * DILATION_Y < IN_H && x0 >= 0 && x0 + (K_W - 1) * DILATION_X < IN_W) {
            const int8_t *restrict p = x + ((size_t)y0 * IN_W + (size_t)x0) * C;
          \(CText.indented(PoolText.channelLoop(g) { lanes in inside(g, lanes) }))
            continue;
          }

          """
      }
      let body = """
        \(PoolText.sizes(g))
        const int8_t *restrict x = b[0];
        int8_t *restrict y = b[1];
        for (int oy = (int)begin; oy < (int)end; oy++) {
          const int y0 = oy * STRIDE_Y - TOP;
          for (int ox = 0; ox < OUT_W; ox++) {
            const int x0 = ox * STRIDE_X - LEFT;
            int8_t *restrict o = y + ((size_t)oy * OUT_W + (size_t)ox) * C;
        \(CText.indented(interior + PoolText.channelLoop(g) { lanes in edge(lanes) }, by: 4))
          }
        }
        """
      return KernelCode(body: body, units: g.outputHeight)
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
}
