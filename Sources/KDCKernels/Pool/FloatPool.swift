import KDCProgram

/// Kernels of `FloatPoolStep`; a unit is one row of the output.
enum FloatPoolKernels {
  static let scalar = StepFamily<FloatPoolStep>(
    name: "float_pool_scalar", cycles: { step in PoolText.taps(step.geometry) * 1 },
    emit: { step in
      let isMaximum = step.operation == .maximum
      let combined = isMaximum ? "p[i] > o[i] ? p[i] : o[i]" : "o[i] + p[i]"
      let divisor = step.countIncludesPadding ? "padded" : "taken"
      let body = """
        \(PoolText.sizes(step.geometry))
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
      return KernelCode(body: body, units: step.geometry.outputHeight)
    })
}
