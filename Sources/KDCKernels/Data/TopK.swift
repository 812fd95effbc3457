import KDCProgram
import KDCTensor

/// Kernels of `TopKStep`.
enum TopKKernels {
  /// A heap of the best so far in the outputs, with the worst of them at its root, which most elements are compared with and
  /// no more; then the heap is sorted.
  static let scalar = StepFamily<TopKStep>(
    name: "top_k_scalar",
    cycles: { step in
      let logarithm = Double(Int.bitWidth - step.picks.leadingZeroBitCount)
      return Double(step.outer * step.inner) * (Double(step.count) * 3 + Double(step.picks) * logarithm * 12)
    },
    emit: { step in
      let type = CText.type(step.type)
      let body = """
        enum { COUNT = \(step.count), PICKS = \(step.picks), INNER = \(step.inner) };
        for (size_t u = begin; u < end; u++) {
          const \(type) *restrict p = (const \(type) *)b[0] + u / INNER * COUNT * INNER + u % INNER;
          \(type) *restrict q = (\(type) *)b[1] + u / INNER * PICKS * INNER + u % INNER;
          int64_t *restrict at = (int64_t *)b[2] + u / INNER * PICKS * INNER + u % INNER;
          for (int64_t i = 0; i < COUNT; i++) {
            const \(type) v = p[(size_t)i * INNER];
            if (i < PICKS) {
              size_t j = (size_t)i;
              for (; j > 0 && \(isAfter(step, "v", "i", "q[(j - 1) / 2 * INNER]", "at[(j - 1) / 2 * INNER]")); j = (j - 1) / 2) {
                q[j * INNER] = q[(j - 1) / 2 * INNER];
                at[j * INNER] = at[(j - 1) / 2 * INNER];
              }
              q[j * INNER] = v;
              at[j * INNER] = i;
            } else if (\(isBefore(step, "v", "q[0]"))) {
        \(CText.indented(siftDown(step, "PICKS"), by: 6))
            }
          }
          for (size_t n = PICKS - 1; n > 0; n--) {
            const \(type) v = q[n * INNER];
            const int64_t i = at[n * INNER];
            q[n * INNER] = q[0];
            at[n * INNER] = at[0];
        \(CText.indented(siftDown(step, "n"), by: 4))
          }
        }
        """
      return KernelCode(body: body, units: step.outer * step.inner)
    })

  /// v and i from the root of a heap of `count` to their place.
  private static func siftDown(_ step: TopKStep, _ count: String) -> String {
    """
    size_t j = 0;
    for (size_t k = 1; k < \(count); k = 2 * j + 1) {
      if (k + 1 < \(count) && \(isAfter(step, "q[(k + 1) * INNER]", "at[(k + 1) * INNER]", "q[k * INNER]", "at[k * INNER]"))) k++;
      if (\(isAfter(step, "v", "i", "q[k * INNER]", "at[k * INNER]"))) break;
      q[j * INNER] = q[k * INNER];
      at[j * INNER] = at[k * INNER];
      j = k;
    }
    q[j * INNER] = v;
    at[j * INNER] = i;
    """
  }

  private static func isBefore(_ step: TopKStep, _ a: String, _ b: String) -> String {
    let (high, low) = step.isLargest ? (a, b) : (b, a)
    return step.type == .float32 ? "kdc_above(\(high), \(low))" : "\(high) > \(low)"
  }

  /// Whether a at position i comes after b at position j.
  private static func isAfter(_ step: TopKStep, _ a: String, _ i: String, _ b: String, _ j: String) -> String {
    "(\(isBefore(step, b, a)) || (!(\(isBefore(step, a, b))) && \(i) > \(j)))"
  }
}
