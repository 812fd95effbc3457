import KDCProgram
import KDCTensor

/// Kernels of `CumulativeStep`.
enum CumulativeKernels {
  static let scalar = StepFamily<CumulativeStep>(
    name: "cumulative_scalar",
    cycles: { step in Double(step.outer * step.count * step.inner) * (step.inner == 1 ? 5 : 2) },
    emit: { step in
      let isFloat = step.type == .float32
      let type = isFloat ? "float" : "uint\(step.type.byteCount * 8)_t"
      let isSum = step.operation == .sum
      let start = (isSum ? "0" : "1") + (isFloat ? ".0f" : "")
      // In 32 bits at least, without a sign.
      let wide = isFloat ? "" : step.type.byteCount == 8 ? "(uint64_t)" : "(uint32_t)"
      let convert = isFloat ? isSum ? "" : "kdc_number" : "(\(type))"
      func combined(_ a: String, _ b: String) -> String { "\(convert)(\(wide)\(a) \(isSum ? "+" : "*") \(wide)\(b))" }
      let first = step.reversed ? " + (COUNT - 1) * INNER" : ""
      let sign = step.reversed ? "-" : "+"
      // From one element of a row to the next.
      let advance =
        step.exclusive
        ? """
          for (size_t i = 0; i < INNER; i++) (q \(sign) INNER)[i] = \(combined("q[i]", "p[i]"));
        """
        : """
          for (size_t i = 0; i < INNER; i++) (q \(sign) INNER)[i] = \(combined("q[i]", "(p \(sign) INNER)[i]"));
        """
      let body = """
        enum { COUNT = \(step.count), INNER = \(step.inner) };
        for (size_t o = begin; o < end; o++) {
          const \(type) *restrict p = (const \(type) *)b[0] + o * COUNT * INNER\(first);
          \(type) *q = (\(type) *)b[1] + o * COUNT * INNER\(first);
          for (size_t i = 0; i < INNER; i++) q[i] = \(step.exclusive ? start : combined(start, "p[i]"));
          for (size_t k = 1; k < COUNT; k++, p \(sign)= INNER, q \(sign)= INNER) {
          \(advance)
          }
        }
        """
      return KernelCode(body: body, units: step.outer)
    })
}
