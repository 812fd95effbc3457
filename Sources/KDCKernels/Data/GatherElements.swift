import KDCProgram

/// Kernels of `GatherElementsStep`.
enum GatherElementsKernels {
  static let scalar = StepFamily<GatherElementsStep>(
    name: "gather_elements_scalar", cycles: { step in LoopNest(step.walk).scalarCycles(dense: 6, strided: 7) },
    emit: { step in
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
        body: "enum { ROWS = \(step.rows), AXIS = \(step.axisStride) };\n" + body, units: nest.units)
    })
}
