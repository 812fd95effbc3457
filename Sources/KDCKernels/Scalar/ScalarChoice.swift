import KDCProgram
import KDCTensor

/// Portable C for what compares and chooses: `CompareStep`, `SelectStep`, `ArgReduceStep`.
enum ScalarChoice {
  static let compare = StepFamily<CompareStep>(
    name: "compare_scalar",
    cycles: { step, _, _ in
      LoopNest(step.walk).scalarCycles(dense: 0.3 + 0.3 * Double(step.type.byteCount), strided: 3)
    },
    emit: { step, _, _ in
      let nest = LoopNest(step.walk)
      let type = "const " + CText.type(step.type)
      let operands = [
        LoopNest.Operand(name: "p", type: type, origin: "b[0]"),
        LoopNest.Operand(name: "q", type: type, origin: "b[1]"),
        LoopNest.Operand(name: "y", type: "uint8_t", origin: "b[2]"),
      ]
      let sign =
        switch step.operation {
        case .equal: "=="
        case .greater: ">"
        case .greaterOrEqual: ">="
        case .less: "<"
        case .lessOrEqual: "<="
        }
      let body = nest.emit(operands) { x in
        step.type == .bool ? "\(x[2]) = (\(x[0]) != 0) \(sign) (\(x[1]) != 0);" : "\(x[2]) = \(x[0]) \(sign) \(x[1]);"
      }
      return KernelCode(body: body, helpers: ["KDC_ELEMENTWISE"], units: nest.units, packings: [])
    })

  static let select = StepFamily<SelectStep>(
    name: "select_scalar",
    cycles: { step, _, _ in
      LoopNest(step.walk).scalarCycles(dense: 0.3 + 0.3 * Double(step.elementBytes), strided: 4)
    },
    emit: { step, _, _ in
      let nest = LoopNest(step.walk)
      let type = "uint\(step.elementBytes * 8)_t"
      let operands = [
        LoopNest.Operand(name: "k", type: "const uint8_t", origin: "b[0]"),
        LoopNest.Operand(name: "p", type: "const \(type)", origin: "b[1]"),
        LoopNest.Operand(name: "q", type: "const \(type)", origin: "b[2]"),
        LoopNest.Operand(name: "y", type: type, origin: "b[3]"),
      ]
      // Both are read: a branch would not be vectorised.
      let body = nest.emit(operands) { x in
        """
        const \(type) s = \(x[1]), t = \(x[2]);
        \(x[3]) = \(x[0]) != 0 ? s : t;
        """
      }
      return KernelCode(body: body, helpers: ["KDC_ELEMENTWISE"], units: nest.units, packings: [])
    })

  static let argReduce = StepFamily<ArgReduceStep>(
    name: "arg_reduce_scalar",
    cycles: { step, _, _ in Double(step.outer * step.reduced * step.inner) * (step.inner == 1 ? 4 : 2) },
    emit: { step, _, _ in
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
        return KernelCode(body: body, units: step.outer, packings: [])
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
      return KernelCode(body: body, units: step.outer * blocks, packings: [])
    })
}
