import KDCProgram

/// Kernels of `FloatResizeStep`; a unit is one row of the output.
enum FloatResizeKernels {
  static let scalar = StepFamily<FloatResizeStep>(
    name: "float_resize_scalar",
    cycles: { step in Double(step.outputHeight * step.outputWidth * step.channels) * 4 },
    emit: { step in
      let body = """
        enum { IN_W = \(step.inputWidth), OUT_W = \(step.outputWidth), C = \(step.channels) };
        const float *restrict x = b[0];
        float *restrict y = b[1];
        const int32_t *rows = c[0], *columns = c[1];
        const float *row_weights = c[2], *column_weights = c[3];
        for (size_t oy = begin; oy < end; oy++) {
          const float *r0 = x + (size_t)rows[oy * 2] * IN_W * C, *r1 = x + (size_t)rows[oy * 2 + 1] * IN_W * C;
          const float wy = row_weights[oy], vy = 1.0f - wy;
          for (size_t ox = 0; ox < OUT_W; ox++) {
            const size_t c0 = (size_t)columns[ox * 2] * C, c1 = (size_t)columns[ox * 2 + 1] * C;
            const float wx = column_weights[ox], vx = 1.0f - wx;
            float *restrict o = y + (oy * OUT_W + ox) * C;
            for (size_t i = 0; i < C; i++) {
              const float top = r0[c0 + i] * vx + r0[c1 + i] * wx, bottom = r1[c0 + i] * vx + r1[c1 + i] * wx;
              o[i] = top * vy + bottom * wy;
            }
          }
        }
        """
      return KernelCode(body: body, units: step.outputHeight, packings: [.plain, .plain, .plain, .plain])
    })
}
