import KDCProgram

/// Kernels of `FloatUnaryStep`.
enum FloatUnaryKernels {
  static let scalar = StepFamily<FloatUnaryStep>(
    name: "float_unary_scalar", cycles: { step in Double(step.count) * step.function.kind.cycles },
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
  /// Of one element: a few operations, the polynomials of exp and log, or those of float64.
  fileprivate var cycles: Double {
    switch self {
    case .sigmoid, .tanh, .silu, .elu, .softplus, .gelu, .geluTanh, .quickGelu, .mish, .celu, .exp, .log, .erf: 14
    case .sin, .cos, .tan, .asin, .acos, .atan, .sinh, .cosh, .asinh, .acosh, .atanh: 45
    default: 1
    }
  }
}
