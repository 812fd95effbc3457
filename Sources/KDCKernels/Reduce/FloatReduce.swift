import KDCProgram

/// Kernels of `FloatReduceStep`.
enum FloatReduceKernels {
  static let scalar = StepFamily<FloatReduceStep>(
    name: "float_reduce_scalar",
    cycles: { step in Double(step.outer * step.reduced * step.inner) * (step.inner == 1 ? 5 : 2) },
    emit: { step in
      let combine =
        switch step.operation {
        case .sum, .mean: "acc + v"
        case .product: "kdc_number(acc * v)"
        case .maximum: "((v > acc) | (v != v)) ? v : acc"
        case .minimum: "((v < acc) | (v != v)) ? v : acc"
        }
      let scale = step.operation == .mean ? " * \(CText.literal(1 / Float(step.reduced)))" : ""
      let body = """
        enum { REDUCED = \(step.reduced), INNER = \(step.inner) };
        const float *restrict x = b[0];
        float *restrict y = b[1];
        for (size_t o = begin; o < end; o++) {
          const float *restrict p = x + o * REDUCED * INNER;
          float *restrict q = y + o * INNER;
          for (size_t i = 0; i < INNER; i++) q[i] = p[i];
          for (size_t r = 1; r < REDUCED; r++) {
            for (size_t i = 0; i < INNER; i++) {
              const float acc = q[i], v = p[r * INNER + i];
              q[i] = \(combine);
            }
          }
          for (size_t i = 0; i < INNER; i++) q[i] = q[i]\(scale);
        }
        """
      return KernelCode(body: body, units: step.outer)
    })
}
