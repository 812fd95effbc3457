import KDCProgram
import KDCTensor

/// Kernels of `IntegerReduceStep`.
enum IntegerReduceKernels {
  static let scalar = StepFamily<IntegerReduceStep>(
    name: "integer_reduce_scalar",
    cycles: { step in Double(step.outer * step.reduced * step.inner) * 1.5 },
    emit: { step in
      let type = CText.type(step.type)
      let wide = step.type.byteCount == 8 ? "uint64_t" : "uint32_t"
      let combine =
        switch step.operation {
        case .sum: "(\(type))((\(wide))acc + (\(wide))v)"
        case .product: "(\(type))((\(wide))acc * (\(wide))v)"
        case .maximum: "v > acc ? v : acc"
        case .minimum: "v < acc ? v : acc"
        }
      let body = """
        enum { REDUCED = \(step.reduced), INNER = \(step.inner) };
        for (size_t o = begin; o < end; o++) {
          const \(type) *restrict p = (const \(type) *)b[0] + o * REDUCED * INNER;
          \(type) *restrict q = (\(type) *)b[1] + o * INNER;
          for (size_t i = 0; i < INNER; i++) q[i] = p[i];
          for (size_t r = 1; r < REDUCED; r++) {
            for (size_t i = 0; i < INNER; i++) {
              const \(type) acc = q[i], v = p[r * INNER + i];
              q[i] = \(combine);
            }
          }
        }
        """
      return KernelCode(body: body, units: step.outer)
    })
}
