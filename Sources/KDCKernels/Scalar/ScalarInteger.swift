import KDCProgram

/// Portable C for the element-wise int8 steps: `AddStep`, `MultiplyStep`, `TableStep`.
enum ScalarInteger {
  static let add = StepFamily<AddStep>(
    name: "add_scalar", cycles: { step, _, _ in LoopNest(step.walk).scalarCycles(dense: 1.2, strided: 5) },
    emit: { step, _, _ in
      let nest = LoopNest(step.walk)
      let q = step.requantization
      // t stays within 2^25, so that the rounding and the zero point cannot overflow, and saturation at 16 bits cannot
      // show after the clamp.
      let rounding = q.shift == 0 ? "t" : "((t + (1 << \(q.shift - 1))) >> \(q.shift))"
      let body = nest.emit(binaryOperands) { x in
        """
        const int32_t t = (\(x[0]) - (\(step.zeroPointA))) * (\(step.multiplierA)) + (\(x[1]) - (\(step.zeroPointB))) * (\(step.multiplierB));
        const int32_t r = \(rounding) + (\(q.zeroPoint));
        \(x[2]) = (int8_t)(r < \(q.low) ? \(q.low) : r > \(q.high) ? \(q.high) : r);
        """
      }
      return KernelCode(body: body, helpers: ["KDC_ELEMENTWISE"], units: nest.units, packings: [])
    })

  static let multiply = StepFamily<MultiplyStep>(
    name: "multiply_scalar", cycles: { step, _, _ in LoopNest(step.walk).scalarCycles(dense: 4.1, strided: 8) },
    emit: { step, _, _ in
      let nest = LoopNest(step.walk)
      let q = step.requantization
      let body = nest.emit(binaryOperands) { x in
        """
        const int32_t t = (\(x[0]) - (\(step.zeroPointA))) * (\(x[1]) - (\(step.zeroPointB)));
        const int32_t h = kdc_rdmulh((int32_t)((uint32_t)t << \(q.preShift)), \(step.multiplier));
        \(x[2]) = kdc_finish(h, \(q.shift), \(q.zeroPoint), \(q.low), \(q.high));
        """
      }
      return KernelCode(
        body: body, helpers: ["KDC_ELEMENTWISE", "kdc_rdmulh", "kdc_finish"], units: nest.units, packings: [])
    })

  static let table = StepFamily<TableStep>(
    name: "table_scalar", cycles: { step, _, _ in Double(step.count) * 2.5 },
    emit: { step, _, _ in
      let channels = step.channels
      if channels == 1 {
        let nest = LoopNest(Walk(extents: [step.count], strides: [[1], [1]]))
        let body = nest.emit(unaryOperands("int8_t", "int8_t"), pragma: nil) { "\($0[1]) = t[\($0[0])];" }
        return KernelCode(
          body: "const int8_t *t = (const int8_t *)c[0] + 128;\n" + body, units: nest.units, packings: [.plain])
      }
      let nest = LoopNest(
        Walk(extents: [step.count / channels, channels], strides: [[channels, 1], [channels, 1], [0, 256]]))
      let operands =
        unaryOperands("int8_t", "int8_t")
        + [LoopNest.Operand(name: "t", type: "const int8_t", origin: "(const int8_t *)c[0] + 128")]
      let body = nest.emitInner(operands) { names, first, last in
        let t = nest.innerStride(2)
        return """
          for (size_t i = \(first); i < \(last); i++) \(names[1])[i] = \(names[2])[(ptrdiff_t)(i * \(t)) + \(names[0])[i]];
          """
      }
      return KernelCode(body: body, units: nest.units, packings: [.plain])
    })

  static let binaryOperands = [
    LoopNest.Operand(name: "p", type: "const int8_t", origin: "b[0]"),
    LoopNest.Operand(name: "q", type: "const int8_t", origin: "b[1]"),
    LoopNest.Operand(name: "y", type: "int8_t", origin: "b[2]"),
  ]

  static func unaryOperands(_ from: String, _ to: String) -> [LoopNest.Operand] {
    [
      LoopNest.Operand(name: "x", type: "const " + from, origin: "b[0]"),
      LoopNest.Operand(name: "y", type: to, origin: "b[1]"),
    ]
  }
}
