import KDCProgram

/// What kernels of the steps that bring two int8 operands to one scale share. A kernel gives C that makes t, the value in
/// the common scale, which stays so small that rounding and zero point cannot overflow, and that saturation at 16 bits
/// cannot show after the clamp.
enum RescaledPair {
  /// `value` declares t from the operands, centred and rescaled.
  static func scalar<Work: RescaledPairStep>(
    _ name: String, _ value: @escaping @Sendable (Work, _ a: String, _ b: String) -> String
  ) -> StepFamily<Work> {
    StepFamily(
      name: name, cycles: { step in LoopNest(step.walk).scalarCycles(dense: 1.2, strided: 5) },
      emit: { step in
        let nest = LoopNest(step.walk)
        let q = step.requantization
        let rounding = q.shift == 0 ? "t" : "((t + (1 << \(q.shift - 1))) >> \(q.shift))"
        let body = nest.emit(LoopNest.binaryInt8) { x in
          let a = "(\(x[0]) - (\(step.zeroPointA))) * (\(step.multiplierA))"
          let b = "(\(x[1]) - (\(step.zeroPointB))) * (\(step.multiplierB))"
          return """
            \(value(step, a, b))
            const int32_t r = \(rounding) + (\(q.zeroPoint));
            \(x[2]) = (int8_t)(r < \(q.low) ? \(q.low) : r > \(q.high) ? \(q.high) : r);
            """
        }
        return KernelCode(body: body, units: nest.units)
      })
  }

  /// C of a NEON kernel, in which the zero points are part of constants that t starts from.
  struct NeonBody {
    /// Declares those constants; MA and MB are the multipliers.
    var head: String
    /// t as int32x4 from int16x4 of either operand.
    var vector: (_ u: String, _ v: String) -> String
    /// Declares t from p[i] and q[i].
    var scalar: String
  }

  static func neon<Work: RescaledPairStep>(
    _ name: String, each cycles: Double, _ text: @escaping @Sendable (Work) -> NeonBody
  ) -> StepFamily<Work> {
    StepFamily(
      name: name, feature: .neon,
      refuses: { step in NeonElementwise.refusal(of: LoopNest(step.walk)) },
      cycles: { step in NeonElementwise.cycles(of: LoopNest(step.walk), each: cycles) },
      emit: { step in
        let q = step.requantization
        let nest = LoopNest(step.walk)
        let text = text(step)
        func half(_ half: String, _ index: Int) -> String {
          """
          const int16x8_t u\(index) = vmovl_s8(vget_\(half)_s8(u)), v\(index) = vmovl_s8(vget_\(half)_s8(v));
          const int32x4_t s\(index) = \(text.vector("vget_low_s16(u\(index))", "vget_low_s16(v\(index))"));
          const int32x4_t t\(index) = \(text.vector("vget_high_s16(u\(index))", "vget_high_s16(v\(index))"));
          const int16x8_t r\(index) = \(NeonText.narrow("s\(index)", "t\(index)", shift: q.shift));
          """
        }
        let scalar = """
          \(text.scalar)
          const int32_t r = \(q.shift == 0 ? "t" : "(t + (1 << \(q.shift - 1))) >> \(q.shift)");
          y[i] = (int8_t)(r < \(q.low) ? \(q.low) : r > \(q.high) ? \(q.high) : r);
          """
        let loops = NeonElementwise.loops(
          nest, q, vector: { half("low", 0) + "\n" + ($0 == 16 ? half("high", 1) : "") }, scalar: scalar)
        return KernelCode(body: text.head + "\n" + loops, units: nest.units)
      })
  }
}
