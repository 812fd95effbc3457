import KDCProgram

/// Portable C for float32 element by element and along axes: `FloatUnaryStep`, `FloatBinaryStep`, `FloatReduceStep`,
/// `SoftmaxStep`.
enum ScalarFloat {
  static let unary = StepFamily<FloatUnaryStep>(
    name: "float_unary_scalar", cycles: { step, _, _ in Double(step.count) * (step.function.kind.isSimple ? 1 : 14) },
    emit: { step, _, _ in
      let nest = LoopNest(Walk(extents: [step.count], strides: [[1], [1]]))
      let function = CFloatFunction.expression(step.function, of: "v")
      let body = nest.emit(ScalarInteger.unaryOperands("float", "float")) { x in
        """
        const float v = \(x[0]);
        \(x[1]) = \(function.text);
        """
      }
      return KernelCode(
        body: body, helpers: function.helpers.union(["KDC_ELEMENTWISE"]), units: nest.units, packings: [])
    })

  static let binary = StepFamily<FloatBinaryStep>(
    name: "float_binary_scalar",
    cycles: { step, _, _ in
      let power = step.operation == .power
      return LoopNest(step.walk).scalarCycles(dense: power ? 40 : 1, strided: power ? 60 : 4)
    },
    emit: { step, _, _ in
      let nest = LoopNest(step.walk)
      var helpers: Set<String> = ["KDC_ELEMENTWISE"]
      if step.operation == .power { helpers.insert("kdc_powerf") }
      if step.operation == .remainder { helpers.insert("kdc_remainderf") }
      let operands = [
        LoopNest.Operand(name: "p", type: "const float", origin: "b[0]"),
        LoopNest.Operand(name: "q", type: "const float", origin: "b[1]"),
        LoopNest.Operand(name: "y", type: "float", origin: "b[2]"),
      ]
      let body = nest.emit(operands) { x in
        let value =
          switch step.operation {
          case .add: "s + t"
          case .subtract: "s - t"
          case .multiply: "s * t"
          case .divide: "s / t"
          case .maximum: "((s > t) | (s != s)) ? s : t"
          case .minimum: "((s < t) | (s != s)) ? s : t"
          case .power: "kdc_powerf(s, t)"
          case .remainder: "kdc_remainderf(s, t)"
          }
        return """
          const float s = \(x[0]), t = \(x[1]);
          \(x[2]) = \(value);
          """
      }
      return KernelCode(body: body, helpers: helpers, units: nest.units, packings: [])
    })

  static let reduce = StepFamily<FloatReduceStep>(
    name: "float_reduce_scalar",
    cycles: { step, _, _ in Double(step.outer * step.reduced * step.inner) * (step.inner == 1 ? 5 : 2) },
    emit: { step, _, _ in
      let combine =
        switch step.operation {
        case .sum, .mean: "acc + v"
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
      return KernelCode(body: body, units: step.outer, packings: [])
    })

  static let softmax = StepFamily<SoftmaxStep>(
    name: "softmax_scalar", cycles: { step, _, _ in Double(step.outer * step.count * step.inner) * 20 },
    emit: { step, _, _ in
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
        body: body, helpers: step.isLog ? ["kdc_expf", "kdc_logf"] : ["kdc_expf", "KDC_ELEMENTWISE"],
        units: step.outer * step.inner, packings: [])
    })
}

extension FloatFunction.Kind {
  /// A few operations, against the polynomials of exp and log.
  fileprivate var isSimple: Bool {
    switch self {
    case .sigmoid, .tanh, .silu, .elu, .softplus, .gelu, .geluTanh, .quickGelu, .mish, .exp, .log, .erf: false
    default: true
    }
  }
}
