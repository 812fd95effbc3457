import KDCProgram
import KDCTensor

/// Kernels of `CumulativeSumStep`.
enum CumulativeSumKernels {
  static let scalar = StepFamily<CumulativeSumStep>(
    name: "cumulative_sum_scalar",
    cycles: { step in Double(step.outer * step.count * step.inner) * (step.inner == 1 ? 5 : 2) },
    emit: { step in
      let isFloat = step.type == .float32
      let type = isFloat ? "float" : "uint\(step.type.byteCount * 8)_t"
      let zero = isFloat ? "0.0f" : "0"
      let first = step.reversed ? " + (COUNT - 1) * INNER" : ""
      let sign = step.reversed ? "-" : "+"
      // From one element of a row to the next.
      let advance =
        step.exclusive
        ? """
          for (size_t i = 0; i < INNER; i++) (q \(sign) INNER)[i] = (\(type))(q[i] + p[i]);
        """
        : """
          for (size_t i = 0; i < INNER; i++) (q \(sign) INNER)[i] = (\(type))(q[i] + (p \(sign) INNER)[i]);
        """
      let body = """
        enum { COUNT = \(step.count), INNER = \(step.inner) };
        for (size_t o = begin; o < end; o++) {
          const \(type) *restrict p = (const \(type) *)b[0] + o * COUNT * INNER\(first);
          \(type) *q = (\(type) *)b[1] + o * COUNT * INNER\(first);
          for (size_t i = 0; i < INNER; i++) q[i] = \(step.exclusive ? zero : "(\(type))(\(zero) + p[i])");
          for (size_t k = 1; k < COUNT; k++, p \(sign)= INNER, q \(sign)= INNER) {
          \(advance)
          }
        }
        """
      return KernelCode(body: body, units: step.outer)
    })
}
