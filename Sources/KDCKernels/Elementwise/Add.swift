import KDCProgram

/// Kernels of `AddStep`.
enum AddKernels {
  static let scalar = StepFamily<AddStep>(
    name: "add_scalar", cycles: { step in LoopNest(step.walk).scalarCycles(dense: 1.2, strided: 5) },
    emit: { step in
      let nest = LoopNest(step.walk)
      let q = step.requantization
      // t stays within 2^25, so that the rounding and the zero point cannot overflow, and saturation at 16 bits cannot
      // show after the clamp.
      let rounding = q.shift == 0 ? "t" : "((t + (1 << \(q.shift - 1))) >> \(q.shift))"
      let body = nest.emit(LoopNest.binaryInt8) { x in
        """
        const int32_t t = (\(x[0]) - (\(step.zeroPointA))) * (\(step.multiplierA)) + (\(x[1]) - (\(step.zeroPointB))) * (\(step.multiplierB));
        const int32_t r = \(rounding) + (\(q.zeroPoint));
        \(x[2]) = (int8_t)(r < \(q.low) ? \(q.low) : r > \(q.high) ? \(q.high) : r);
        """
      }
      return KernelCode(body: body, units: nest.units)
    })

  static let neon = StepFamily<AddStep>(
    name: "add_16_neon", feature: .neon,
    refuses: { step in NeonElementwise.refusal(of: LoopNest(step.walk)) },
    cycles: { step in NeonElementwise.cycles(of: LoopNest(step.walk), each: 11) },
    emit: { step in
      let q = step.requantization
      let nest = LoopNest(step.walk)
      // t = a · mA + b · mB + start, with the zero points of all three in start: |t| < 2^26, and the saturation at 16
      // bits cannot show after that to 8.
      let start =
        -step.zeroPointA * step.multiplierA - step.zeroPointB * step.multiplierB + q.zeroPoint << q.shift
      func sum(_ half: String, _ index: Int) -> String {
        """
        const int16x8_t u\(index) = vmovl_s8(vget_\(half)_s8(u)), v\(index) = vmovl_s8(vget_\(half)_s8(v));
        const int32x4_t s\(index) = vmlal_n_s16(vmlal_n_s16(start, vget_low_s16(u\(index)), MA), vget_low_s16(v\(index)), MB);
        const int32x4_t t\(index) = vmlal_n_s16(vmlal_n_s16(start, vget_high_s16(u\(index)), MA), vget_high_s16(v\(index)), MB);
        const int16x8_t r\(index) = \(NeonText.narrow("s\(index)", "t\(index)", shift: q.shift));
        """
      }
      let scalar = """
        const int32_t t = p[i] * MA + q[i] * MB + START;
        const int32_t r = \(q.shift == 0 ? "t" : "(t + (1 << \(q.shift - 1))) >> \(q.shift)");
        y[i] = (int8_t)(r < \(q.low) ? \(q.low) : r > \(q.high) ? \(q.high) : r);
        """
      let body =
        """
        enum { MA = \(step.multiplierA), MB = \(step.multiplierB), START = \(start) };
        const int32x4_t start = vdupq_n_s32(START);

        """
        + NeonElementwise.loops(
          nest, q, vector: { sum("low", 0) + "\n" + ($0 == 16 ? sum("high", 1) : "") }, scalar: scalar)
      return KernelCode(body: body, units: nest.units)
    })
}
