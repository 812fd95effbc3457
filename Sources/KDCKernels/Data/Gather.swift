import KDCProgram

/// Kernels of `GatherStep`.
enum GatherKernels {
  static let scalar = StepFamily<GatherStep>(
    name: "gather_scalar",
    cycles: { step in Double(step.outer * step.picks) * (8 + Double(step.inner * step.elementBytes) / 8) },
    emit: { step in
      let type = "uint\(step.elementBytes * 8)_t"
      // Buffers come as [indices, data, output], or [indices, output] with the data as constant.
      let isConstant = step.data == nil
      let body = """
        enum { OUTER = \(step.outer), ROWS = \(step.rows), INNER = \(step.inner), PICKS = \(step.picks) };
        const int\(step.indexBytes * 8)_t *restrict indices = b[0];
        const \(type) *restrict x = \(isConstant ? "c[0]" : "b[1]");
        \(type) *restrict y = b[\(isConstant ? 1 : 2)];
        for (size_t o = 0; o < OUTER; o++) {
          for (size_t j = 0; j < PICKS; j++) {
            int64_t row = indices[j];
            row = row < 0 ? row + ROWS : row;
            row = row < 0 ? 0 : row >= ROWS ? ROWS - 1 : row;
            const \(type) *restrict p = x + (o * ROWS + (size_t)row) * INNER;
            \(type) *restrict q = y + (o * PICKS + j) * INNER;
            for (size_t i = 0; i < INNER; i++) q[i] = p[i];
          }
        }
        """
      return KernelCode(body: body, packings: isConstant ? [.plain] : [])
    })
}
