import KDCProgram

/// Kernels of `FloatBinaryStep`.
enum FloatBinaryKernels {
  static let scalar = StepFamily<FloatBinaryStep>(
    name: "float_binary_scalar",
    cycles: { step in
      let power = step.operation == .power
      return LoopNest(step.walk).scalarCycles(dense: power ? 40 : 1, strided: power ? 60 : 4)
    },
    emit: { step in
      let nest = LoopNest(step.walk)
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
      return KernelCode(body: body, units: nest.units)
    })
}
