import KDCProgram

/// Kernels of `ExtremeStep`.
enum ExtremeKernels {
  static let scalar = RescaledPair.scalar("extreme_scalar") { (step: ExtremeStep, a, b) in
    """
    const int32_t u = \(a), v = \(b);
    const int32_t t = u \(step.isMaximum ? ">" : "<") v ? u : v;
    """
  }

  static let neon = RescaledPair.neon("extreme_16_neon", each: 13) { (step: ExtremeStep) in
    // x · m + start for both operands: |t| < 2^24.
    let zero = step.requantization.zeroPoint << step.requantization.shift
    let starts = (zero - step.zeroPointA * step.multiplierA, zero - step.zeroPointB * step.multiplierB)
    return RescaledPair.NeonBody(
      head: """
        enum { MA = \(step.multiplierA), MB = \(step.multiplierB), START_A = \(starts.0), START_B = \(starts.1) };
        const int32x4_t start_a = vdupq_n_s32(START_A), start_b = vdupq_n_s32(START_B);
        """,
      vector: { u, v in
        "v\(step.isMaximum ? "max" : "min")q_s32(vmlal_n_s16(start_a, \(u), MA), vmlal_n_s16(start_b, \(v), MB))"
      },
      scalar: """
        const int32_t ta = p[i] * MA + START_A, tb = q[i] * MB + START_B;
        const int32_t t = ta \(step.isMaximum ? ">" : "<") tb ? ta : tb;
        """)
  }
}
