import KDCProgram

/// Kernels of `AddStep`.
enum AddKernels {
  static let scalar = RescaledPair.scalar("add_scalar") { (_: AddStep, a, b) in "const int32_t t = \(a) + \(b);" }

  static let neon = RescaledPair.neon("add_16_neon", each: 11) { (step: AddStep) in
    // t = a · mA + b · mB + start: |t| < 2^26.
    let start =
      -step.zeroPointA * step.multiplierA - step.zeroPointB * step.multiplierB + step.requantization.zeroPoint
      << step.requantization.shift
    return RescaledPair.NeonBody(
      head: """
        enum { MA = \(step.multiplierA), MB = \(step.multiplierB), START = \(start) };
        const int32x4_t start = vdupq_n_s32(START);
        """,
      vector: { u, v in "vmlal_n_s16(vmlal_n_s16(start, \(u), MA), \(v), MB)" },
      scalar: "const int32_t t = p[i] * MA + q[i] * MB + START;")
  }
}
