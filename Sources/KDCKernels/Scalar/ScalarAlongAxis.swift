import KDCProgram
import KDCTensor

/// Portable C for sums and extremes along an axis of any type: `CumulativeSumStep`, `IntegerReduceStep`; and for
/// `GatherElementsStep`.
enum ScalarAlongAxis {
  static let cumulativeSum = StepFamily<CumulativeSumStep>(
    name: "cumulative_sum_scalar",
    cycles: { step, _, _ in Double(step.outer * step.count * step.inner) * (step.inner == 1 ? 5 : 2) },
    emit: { step, _, _ in
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
      return KernelCode(body: body, units: step.outer, packings: [])
    })

  static let reduce = StepFamily<IntegerReduceStep>(
    name: "integer_reduce_scalar",
    cycles: { step, _, _ in Double(step.outer * step.reduced * step.inner) * 1.5 },
    emit: { step, _, _ in
      let type = CText.type(step.type)
      let wide = step.type.byteCount == 8 ? "uint64_t" : "uint32_t"
      let combine =
        switch step.operation {
        case .sum: "(\(type))((\(wide))acc + (\(wide))v)"
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
      return KernelCode(body: body, units: step.outer, packings: [])
    })

  static let gatherElements = StepFamily<GatherElementsStep>(
    name: "gather_elements_scalar", cycles: { step, _, _ in LoopNest(step.walk).scalarCycles(dense: 6, strided: 7) },
    emit: { step, _, _ in
      let nest = LoopNest(step.walk)
      let type = "uint\(step.elementBytes * 8)_t"
      let operands = [
        LoopNest.Operand(name: "x", type: "const \(type)", origin: "b[0]"),
        LoopNest.Operand(name: "k", type: "const int\(step.indexBytes * 8)_t", origin: "b[1]"),
        LoopNest.Operand(name: "y", type: type, origin: "b[2]"),
      ]
      let body = nest.emitInner(operands) { names, first, last in
        """
        for (size_t i = \(first); i < \(last); i++) {
          int64_t row = \(names[1])[i * \(nest.innerStride(1))];
          row = row < 0 ? row + ROWS : row;
          row = row < 0 ? 0 : row >= ROWS ? ROWS - 1 : row;
          \(names[2])[i] = \(names[0])[(ptrdiff_t)i * (\(nest.innerStride(0))) + (ptrdiff_t)row * AXIS];
        }
        """
      }
      return KernelCode(
        body: "enum { ROWS = \(step.rows), AXIS = \(step.axisStride) };\n" + body, units: nest.units, packings: [])
    })
}
