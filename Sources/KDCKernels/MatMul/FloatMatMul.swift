import KDCProgram

/// Kernels of `FloatMatMulStep`: tiles of 4 rows × 16 columns with their sums in registers.
enum FloatMatMulKernels {
  static let scalar = StepFamily<FloatMatMulStep>(
    name: "float_matmul_tiles",
    cycles: { step in
      Double(step.batch * step.rows * step.columns) * Double(step.depth) * (step.transposedB ? 1.5 : 0.45)
    },
    emit: { step in
      let blocks = (step.rows + 3) / 4
      let rest = step.columns % 16
      var inner = "int n = 0;\n"
      func columns(_ rows: Int) -> String {
        var text = "int n = 0;\n"
        if step.columns >= 16 {
          text += "for (; n + 16 <= N; n += 16) {\n\(CText.indented(tile(step, rows, 16)))\n}\n"
        }
        if rest > 0 { text += "{\n\(CText.indented(tile(step, rows, rest)))\n}\n" }
        return String(text.dropLast())
      }
      inner = ""
      let tail = step.rows % 4
      if step.rows >= 4 {
        inner += "if (m + 4 <= M) {\n\(CText.indented(columns(4)))\n}"
        if tail > 0 { inner += " else {\n\(CText.indented(columns(tail)))\n}" }
      } else {
        inner += columns(tail)
      }
      let body = """
        enum { M = \(step.rows), N = \(step.columns), K = \(step.depth), BLOCKS = \(blocks) };
        for (size_t u = begin; u < end; u++) {
          const size_t batch = u / BLOCKS, m = u % BLOCKS * 4;
          const float *p = (const float *)b[0] + batch * \(step.batchStrideA) + m * K;
          const float *q = (const float *)b[1] + batch * \(step.batchStrideB);
          float *y = (float *)b[2] + (batch * M + m) * N;
        \(CText.indented(inner))
        }
        """
      return KernelCode(body: body, units: step.batch * blocks)
    })

  private static func tile(_ step: FloatMatMulStep, _ rows: Int, _ columns: Int) -> String {
    let unroll = "#pragma clang loop unroll(full)\n"
    let other = step.transposedB ? "q[(size_t)(n + l) * K + (size_t)k]" : "q[(size_t)k * N + (size_t)(n + l)]"
    return """
      float acc[\(rows)][\(columns)] = {{0}};
      for (int k = 0; k < K; k++) {
        \(unroll)  for (int r = 0; r < \(rows); r++) {
          \(unroll)    for (int l = 0; l < \(columns); l++) acc[r][l] = __builtin_fmaf(p[r * K + k], \(other), acc[r][l]);
        }
      }
      \(unroll)for (int r = 0; r < \(rows); r++) {
        \(unroll)  for (int l = 0; l < \(columns); l++) y[(size_t)r * N + (size_t)(n + l)] = acc[r][l];
      }
      """
  }
}
