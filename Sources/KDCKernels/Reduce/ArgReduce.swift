import KDCProgram
import KDCTensor

/// Kernels of `ArgReduceStep`.
enum ArgReduceKernels {
  static let scalar = StepFamily<ArgReduceStep>(
    name: "arg_reduce_scalar",
    cycles: { step in Double(step.outer * step.reduced * step.inner) * (step.inner == 1 ? 4 : 2) },
    emit: { step in
      let type = CText.type(step.type)
      let sign = (step.isMaximum ? ">" : "<") + (step.takesLast ? "=" : "")
      if step.inner == 1 {
        let body = """
          enum { REDUCED = \(step.reduced) };
          int64_t *restrict y = b[1];
          for (size_t o = begin; o < end; o++) {
            const \(type) *restrict p = (const \(type) *)b[0] + o * REDUCED;
            \(type) best = p[0];
            int32_t at = 0;
            for (int32_t r = 1; r < REDUCED; r++) {
              at = p[r] \(sign) best ? r : at;
              best = p[r] \(sign) best ? p[r] : best;
            }
            y[o] = at;
          }
          """
        return KernelCode(body: body, units: step.outer)
      }
      // A block of neighbours at a time, as many as fit the first cache.
      let block = 64
      let blocks = (step.inner + block - 1) / block
      let body = """
        enum { REDUCED = \(step.reduced), INNER = \(step.inner), BLOCK = \(block), BLOCKS = \(blocks) };
        for (size_t u = begin; u < end; u++) {
          const size_t first = u % BLOCKS * BLOCK, n = INNER - first < BLOCK ? INNER - first : BLOCK;
          const \(type) *restrict p = (const \(type) *)b[0] + u / BLOCKS * REDUCED * INNER + first;
          int64_t *restrict y = (int64_t *)b[1] + u / BLOCKS * INNER + first;
          \(type) best[BLOCK];
          int32_t at[BLOCK];
          for (size_t i = 0; i < n; i++) {
            best[i] = p[i];
            at[i] = 0;
          }
          for (int32_t r = 1; r < REDUCED; r++) {
            const \(type) *restrict x = p + (size_t)r * INNER;
            for (size_t i = 0; i < n; i++) {
              at[i] = x[i] \(sign) best[i] ? r : at[i];
              best[i] = x[i] \(sign) best[i] ? x[i] : best[i];
            }
          }
          for (size_t i = 0; i < n; i++) y[i] = at[i];
        }
        """
      return KernelCode(body: body, units: step.outer * blocks)
    })
}
