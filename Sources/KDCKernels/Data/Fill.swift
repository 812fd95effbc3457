import KDCProgram

/// Kernels of `FillStep`.
enum FillKernels {
  static let scalar = StepFamily<FillStep>(
    name: "fill_scalar", cycles: { step in Double(step.count * step.elementBytes) / 8 },
    emit: { step in
      let type = "uint\(step.elementBytes * 8)_t"
      let bits = step.elementBytes == 8 ? step.bits : step.bits & ((1 << UInt64(step.elementBytes * 8)) - 1)
      let nest = LoopNest(Walk(extents: [step.count], strides: [[1]]))
      let body = nest.emit([LoopNest.Operand(name: "y", type: type, origin: "b[0]")], pragma: nil) { x in
        "\(x[0]) = (\(type))0x\(String(bits, radix: 16))u\(step.elementBytes == 8 ? "ll" : "");"
      }
      return KernelCode(body: body, units: nest.units)
    })
}
