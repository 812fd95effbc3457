import KDCProgram

/// Portable C for data without arithmetic: `FillStep`, `LoadStep`, `GatherStep`.
enum ScalarData {
  static let fill = StepFamily<FillStep>(
    name: "fill_scalar", cycles: { step, _, _ in Double(step.count * step.elementBytes) / 8 },
    emit: { step, _, _ in
      let type = "uint\(step.elementBytes * 8)_t"
      let bits = step.elementBytes == 8 ? step.bits : step.bits & ((1 << UInt64(step.elementBytes * 8)) - 1)
      let nest = LoopNest(Walk(extents: [step.count], strides: [[1]]))
      let body = nest.emit([LoopNest.Operand(name: "y", type: type, origin: "b[0]")], pragma: nil) { x in
        "\(x[0]) = (\(type))0x\(String(bits, radix: 16))u\(step.elementBytes == 8 ? "ll" : "");"
      }
      return KernelCode(body: body, units: nest.units, packings: [])
    })

  static let load = StepFamily<LoadStep>(
    name: "load_scalar", cycles: { step, _, _ in Double(step.byteCount) / 8 },
    emit: { step, _, _ in
      let nest = LoopNest(Walk(extents: [step.byteCount], strides: [[1], [1]]))
      let operands = [
        LoopNest.Operand(name: "x", type: "const uint8_t", origin: "c[0]"),
        LoopNest.Operand(name: "y", type: "uint8_t", origin: "b[0]"),
      ]
      let body = nest.emit(operands) { "\($0[1]) = \($0[0]);" }
      return KernelCode(body: body, helpers: ["KDC_ELEMENTWISE"], units: nest.units, packings: [.plain])
    })

  static let gather = StepFamily<GatherStep>(
    name: "gather_scalar",
    cycles: { step, _, _ in Double(step.outer * step.picks) * (8 + Double(step.inner * step.elementBytes) / 8) },
    emit: { step, _, _ in
      let type = "uint\(step.elementBytes * 8)_t"
      // Buffers come as [indices, data, output], or [indices, output] with the data as constant.
      let isConstant = step.data == nil
      let body = """
        enum { OUTER = \(step.outer), ROWS = \(step.rows), INNER = \(step.inner), PICKS = \(step.picks) };
        const int\(step.indexBytes * 8)_t *restrict indices = b[0];
        const \(type) *restrict x = \(isConstant ? "c[0]" : "b[1]");
        \(type) *restrict y = b[\(isConstant ? 1 : 2)];
        for (size_t o = 0; o < OUTER; o++) {
          for (size_t j = 0; j < PICKS; j++) {
            int64_t row = indices[j];
            row = row < 0 ? row + ROWS : row;
            row = row < 0 ? 0 : row >= ROWS ? ROWS - 1 : row;
            const \(type) *restrict p = x + (o * ROWS + (size_t)row) * INNER;
            \(type) *restrict q = y + (o * PICKS + j) * INNER;
            for (size_t i = 0; i < INNER; i++) q[i] = p[i];
          }
        }
        """
      return KernelCode(body: body, packings: isConstant ? [.plain] : [])
    })
}
