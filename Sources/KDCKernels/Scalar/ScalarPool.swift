import KDCProgram

/// Portable C for windows: `MaxPoolStep`, `AveragePoolStep`, `FloatPoolStep`. A unit is one row of the output.
enum ScalarPool {
  static let maximum = StepFamily<MaxPoolStep>(
    name: "max_pool_scalar", cycles: { step, _, _ in taps(step.geometry) * 0.25 },
    emit: { step, _, _ in
      let body = """
        \(sizes(step.geometry))
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
      return KernelCode(body: body, units: step.geometry.outputHeight, packings: [])
    })

  static let average = StepFamily<AveragePoolStep>(
    name: "average_pool_scalar", cycles: { step, _, _ in taps(step.geometry) * 0.3 },
    emit: { step, _, _ in
      let q = step.requantization
      let body = """
        \(sizes(step.geometry))
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
        body: body, helpers: ["kdc_rdmulh", "kdc_finish"], units: step.geometry.outputHeight, packings: [.plain])
    })

  static let float = StepFamily<FloatPoolStep>(
    name: "float_pool_scalar", cycles: { step, _, _ in taps(step.geometry) * 1 },
    emit: { step, _, _ in
      let isMaximum = step.operation == .maximum
      let combined = isMaximum ? "p[i] > o[i] ? p[i] : o[i]" : "o[i] + p[i]"
      let divisor = step.countIncludesPadding ? "padded" : "taken"
      let body = """
        \(sizes(step.geometry))
        enum { PADDED_H = \(step.paddedHeight), PADDED_W = \(step.paddedWidth) };
        const float *restrict x = b[0];
        float *restrict y = b[1];
        for (int oy = (int)begin; oy < (int)end; oy++) {
          for (int ox = 0; ox < OUT_W; ox++) {
            float *restrict o = y + ((size_t)oy * OUT_W + (size_t)ox) * C;
            int taken = 0, padded = 0;
            for (int ky = 0; ky < K_H; ky++) {
              const int iy = oy * STRIDE_Y + ky * DILATION_Y - TOP;
              for (int kx = 0; kx < K_W; kx++) {
                const int ix = ox * STRIDE_X + kx * DILATION_X - LEFT;
                padded += iy + TOP < PADDED_H && ix + LEFT < PADDED_W;
                if (iy < 0 || iy >= IN_H || ix < 0 || ix >= IN_W) continue;
                const float *restrict p = x + ((size_t)iy * IN_W + (size_t)ix) * C;
                if (taken++ == 0) {
                  for (size_t i = 0; i < C; i++) o[i] = p[i];
                } else {
                  for (size_t i = 0; i < C; i++) o[i] = \(combined);
                }
              }
            }
            (void)taken;
            (void)padded;
        \(isMaximum ? "" : "    for (size_t i = 0; i < C; i++) o[i] = o[i] / (float)(\(divisor) > 0 ? \(divisor) : 1);\n")  }
        }
        """
      return KernelCode(body: body, units: step.geometry.outputHeight, packings: [])
    })

  /// The geometry as named constants.
  static func sizes(_ g: ConvolutionGeometry) -> String {
    """
    enum { IN_H = \(g.inputHeight), IN_W = \(g.inputWidth), C = \(g.inputChannels), OUT_W = \(g.outputWidth) };
    enum { K_H = \(g.kernelHeight), K_W = \(g.kernelWidth), STRIDE_Y = \(g.strideY), STRIDE_X = \(g.strideX) };
    enum { DILATION_Y = \(g.dilationY), DILATION_X = \(g.dilationX), TOP = \(g.padTop), LEFT = \(g.padLeft) };
    """
  }

  static func taps(_ g: ConvolutionGeometry) -> Double {
    Double(g.outputHeight * g.outputWidth * g.outputChannels * g.kernelHeight * g.kernelWidth)
  }
}
