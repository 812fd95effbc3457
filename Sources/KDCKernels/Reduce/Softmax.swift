import KDCProgram

/// Kernels of `SoftmaxStep`.
enum SoftmaxKernels {
  static let scalar = StepFamily<SoftmaxStep>(
    name: "softmax_scalar", cycles: { step in Double(step.outer * step.count * step.inner) * 20 },
    emit: { step in
      // Each turn of the first loop reads element i before it writes it: the step may run in place.
      let finish =
        step.isLog
        ? """
        const float t = kdc_logf(s);
        for (size_t i = 0; i < COUNT; i++) q[i * INNER] = t == t ? (p[i * INNER] - m) - t : t;
        """
        : "for (size_t i = 0; i < COUNT; i++) q[i * INNER] = q[i * INNER] / s;"
      let exponential =
        step.isLog ? "s = s + kdc_expf(p[i * INNER] - m);" : "q[i * INNER] = kdc_expf(p[i * INNER] - m);"
      let sum = step.isLog ? "" : "for (size_t i = 0; i < COUNT; i++) s = s + q[i * INNER];\n"
      let body = """
        enum { COUNT = \(step.count), INNER = \(step.inner) };
        for (size_t u = begin; u < end; u++) {
          const size_t first = u / INNER * COUNT * INNER + u % INNER;
          const float *p = (const float *)b[0] + first;
          float *q = (float *)b[1] + first;
          float m = p[0];
          for (size_t i = 1; i < COUNT; i++) m = p[i * INNER] > m ? p[i * INNER] : m;
          float s = 0.0f;
          \(step.isLog ? "" : "KDC_ELEMENTWISE\n  ")for (size_t i = 0; i < COUNT; i++) \(exponential)
        \(CText.indented(sum + finish))
        }
        """
      return KernelCode(
        body: body, units: step.outer * step.inner)
    })
}
