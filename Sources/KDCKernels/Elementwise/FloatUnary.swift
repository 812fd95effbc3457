import KDCProgram

/// Kernels of `FloatUnaryStep`.
enum FloatUnaryKernels {
  static let scalar = StepFamily<FloatUnaryStep>(
    name: "float_unary_scalar", cycles: { step in Double(step.count) * (step.function.kind.isSimple ? 1 : 14) },
    emit: { step in
      let nest = LoopNest(Walk(extents: [step.count], strides: [[1], [1]]))
      let function = CFloatFunction.expression(step.function, of: "v")
      let body = nest.emit(LoopNest.unary("float", "float")) { x in
        """
        const float v = \(x[0]);
        \(x[1]) = \(function);
        """
      }
      return KernelCode(body: body, units: nest.units)
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
