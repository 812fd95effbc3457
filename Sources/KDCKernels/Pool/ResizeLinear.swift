import KDCProgram

/// Kernels of `ResizeLinearStep`; a unit is one row of the output.
enum ResizeLinearKernels {
  static let scalar = StepFamily<ResizeLinearStep>(
    name: "resize_linear_scalar",
    cycles: { step in Double(step.outputHeight * step.outputWidth * step.channels) * 4 },
    emit: { step in
      let body = """
        enum { IN_W = \(step.inputWidth), OUT_W = \(step.outputWidth), C = \(step.channels) };
        const int8_t *restrict x = b[0];
        int8_t *restrict y = b[1];
        const int32_t *rows = c[0], *columns = c[1];
        for (size_t oy = begin; oy < end; oy++) {
          const int8_t *r0 = x + (size_t)rows[oy * 3] * IN_W * C, *r1 = x + (size_t)rows[oy * 3 + 1] * IN_W * C;
          const int32_t wy1 = rows[oy * 3 + 2], wy0 = 256 - wy1;
          for (size_t ox = 0; ox < OUT_W; ox++) {
            const size_t c0 = (size_t)columns[ox * 3] * C, c1 = (size_t)columns[ox * 3 + 1] * C;
            const int32_t wx1 = columns[ox * 3 + 2], wx0 = 256 - wx1;
            int8_t *restrict o = y + (oy * OUT_W + ox) * C;
            for (size_t i = 0; i < C; i++) {
              const int32_t top = r0[c0 + i] * wx0 + r0[c1 + i] * wx1, bottom = r1[c0 + i] * wx0 + r1[c1 + i] * wx1;
              const int32_t t = (top * wy0 + bottom * wy1 + 32768) >> 16;
              o[i] = (int8_t)(t < -128 ? -128 : t > 127 ? 127 : t);
            }
          }
        }
        """
      return KernelCode(body: body, units: step.outputHeight, packings: [.plain, .plain])
    })
}
