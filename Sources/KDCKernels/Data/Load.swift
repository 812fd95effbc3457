import KDCProgram

/// Kernels of `LoadStep`.
enum LoadKernels {
  static let scalar = StepFamily<LoadStep>(
    name: "load_scalar", cycles: { step in Double(step.byteCount) / 8 },
    emit: { step in
      let nest = LoopNest(Walk(extents: [step.byteCount], strides: [[1], [1]]))
      let operands = [
        LoopNest.Operand(name: "x", type: "const uint8_t", origin: "c[0]"),
        LoopNest.Operand(name: "y", type: "uint8_t", origin: "b[0]"),
      ]
      let body = nest.emit(operands) { "\($0[1]) = \($0[0]);" }
      return KernelCode(body: body, units: nest.units, packings: [.plain])
    })
}
