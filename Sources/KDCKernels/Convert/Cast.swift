import KDCProgram
import KDCTensor

/// Kernels of `CastStep`.
enum CastKernels {
  static let scalar = StepFamily<CastStep>(
    name: "cast_scalar",
    refuses: { step in
      CastStep.types.contains(step.from) && CastStep.types.contains(step.to) ? nil : "a type outside CastStep's"
    },
    cycles: { step in Double(step.count) * 4 },
    emit: { step in
      let nest = LoopNest(Walk(extents: [step.count], strides: [[1], [1]]))
      let (from, to) = (CText.type(step.from), CText.type(step.to))
      let body = nest.emit(LoopNest.unary(from, to)) { x in
        let value = x[0]
        if step.to == .bool { return "\(x[1]) = \(value) != 0;" }
        if step.from == .float32, step.to != .float32 { return "\(x[1]) = kdc_cast_\(step.to.rawValue)(\(value));" }
        return "\(x[1]) = (\(to))\(step.from == .bool ? "(\(value) != 0)" : value);"
      }
      return KernelCode(body: body, units: nest.units)
    })
}
