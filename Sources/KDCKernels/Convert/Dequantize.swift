import KDCProgram

/// Kernels of `DequantizeStep`.
enum DequantizeKernels {
  static let scalar = StepFamily<DequantizeStep>(
    name: "dequantize_scalar", cycles: { step in LoopNest(step.walk).scalarCycles(dense: 1, strided: 2.4) },
    emit: { step in
      let nest = LoopNest(step.walk)
      let body = nest.emit(LoopNest.unary("int8_t", "float")) { x in
        "\(x[1]) = (float)(\(x[0]) - (\(step.zeroPoint))) * \(CText.literal(step.scale));"
      }
      return KernelCode(body: body, units: nest.units)
    })
}
