import KDCProgram

/// Kernels of `SelectStep`.
enum SelectKernels {
  static let scalar = StepFamily<SelectStep>(
    name: "select_scalar",
    cycles: { step in
      LoopNest(step.walk).scalarCycles(dense: 0.3 + 0.3 * Double(step.elementBytes), strided: 4)
    },
    emit: { step in
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
      return KernelCode(body: body, units: nest.units)
    })
}
