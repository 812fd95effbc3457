import KDCProgram
import KDCTensor

/// Kernels of `MaxPoolIndicesStep`.
enum MaxPoolIndicesKernels {
  static let scalar = StepFamily<MaxPoolIndicesStep>(
    name: "max_pool_indices_scalar",
    cycles: { step in
      Double(step.axes.reduce(step.planes) { $0 * $1.output * $1.kernel }) * 5
    },
    emit: { step in
      let type = CText.type(step.type)
      let strides = step.indexStrides
      let sizes = step.axes.enumerated().map { index, axis in
        "  I\(index) = \(axis.input), O\(index) = \(axis.output), K\(index) = \(axis.kernel), S\(index) = \(axis.stride),"
          + " D\(index) = \(axis.dilation), P\(index) = \(axis.pad),"
      }
      let hasIndices = step.indices != nil
      let above = step.type == .float32 ? "kdc_above(v, best)" : "v > best"
      let body = """
        enum {
          PLANE = \(step.axes.reduce(1) { $0 * $1.input }), OUTPUTS = \(step.axes.reduce(1) { $0 * $1.output }),
        \(sizes.joined(separator: "\n"))
        };
        for (size_t u = begin; u < end; u++) {
          const \(type) *restrict x = (const \(type) *)b[0] + u * PLANE;
          \(type) *restrict y = (\(type) *)b[1] + u * OUTPUTS;\(hasIndices ? "\n  int64_t *restrict at = (int64_t *)b[2] + u * OUTPUTS;" : "")
          for (int32_t o = 0; o < OUTPUTS; o++) {
            const int32_t s0 = o / (O1 * O2) * S0 - P0, s1 = o / O2 % O1 * S1 - P1, s2 = o % O2 * S2 - P2;
            \(type) best = 0;
            int32_t index = -1;
            for (int32_t i0 = s0; i0 < s0 + K0 * D0; i0 += D0) {
              if (i0 < 0 || i0 >= I0) continue;
              for (int32_t i1 = s1; i1 < s1 + K1 * D1; i1 += D1) {
                if (i1 < 0 || i1 >= I1) continue;
                for (int32_t i2 = s2; i2 < s2 + K2 * D2; i2 += D2) {
                  if (i2 < 0 || i2 >= I2) continue;
                  const \(type) v = x[(i0 * I1 + i1) * I2 + i2];
                  const int better = index < 0 || \(above);
                  best = better ? v : best;
                  index = better ? i0 * \(strides[0]) + i1 * \(strides[1]) + i2 * \(strides[2]) : index;
                }
              }
            }
            y[o] = best;\(hasIndices ? "\n    at[o] = (int64_t)(u * PLANE) + index;" : "")
          }
        }
        """
      return KernelCode(body: body, units: step.planes)
    })
}
