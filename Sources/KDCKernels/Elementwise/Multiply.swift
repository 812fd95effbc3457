import KDCProgram

/// Kernels of `MultiplyStep`.
enum MultiplyKernels {
  static let scalar = StepFamily<MultiplyStep>(
    name: "multiply_scalar", cycles: { step in LoopNest(step.walk).scalarCycles(dense: 4.1, strided: 8) },
    emit: { step in
      let nest = LoopNest(step.walk)
      let q = step.requantization
      let body = nest.emit(LoopNest.binaryInt8) { x in
        """
        const int32_t t = (\(x[0]) - (\(step.zeroPointA))) * (\(x[1]) - (\(step.zeroPointB)));
        const int32_t h = kdc_rdmulh((int32_t)((uint32_t)t << \(q.preShift)), \(step.multiplier));
        \(x[2]) = kdc_finish(h, \(q.shift), \(q.zeroPoint), \(q.low), \(q.high));
        """
      }
      return KernelCode(body: body, units: nest.units)
    })

  static let neon = StepFamily<MultiplyStep>(
    name: "multiply_16_neon", feature: .neon,
    refuses: { step in NeonElementwise.refusal(of: LoopNest(step.walk)) },
    cycles: { step in NeonElementwise.cycles(of: LoopNest(step.walk), each: 13) },
    emit: { step in
      let q = step.requantization
      let nest = LoopNest(step.walk)
      func product(_ half: String, _ index: Int) -> String {
        func high(_ part: String) -> String {
          let t = "vmull_s16(vget_\(part)_s16(u\(index)), vget_\(part)_s16(v\(index)))"
          return "vqrdmulhq_n_s32(\(q.preShift == 0 ? t : "vshlq_n_s32(\(t), \(q.preShift))"), M)"
        }
        return """
          const int16x8_t u\(index) = vsubl_s8(vget_\(half)_s8(u), zero_a), v\(index) = vsubl_s8(vget_\(half)_s8(v), zero_b);
          const int32x4_t s\(index) = \(high("low"));
          const int32x4_t t\(index) = \(high("high"));
          const int16x8_t r\(index) = vqaddq_s16(\(NeonText.narrow("s\(index)", "t\(index)", shift: q.shift)), zero);
          """
      }
      let scalar = """
        const int32_t t = (p[i] - ZERO_A) * (q[i] - ZERO_B);
        y[i] = kdc_finish(kdc_rdmulh((int32_t)((uint32_t)t << \(q.preShift)), M), \(q.shift), ZERO, \(q.low), \(q.high));
        """
      let body =
        """
        enum { ZERO_A = \(step.zeroPointA), ZERO_B = \(step.zeroPointB), ZERO = \(q.zeroPoint), M = \(step.multiplier) };
        const int8x8_t zero_a = vdup_n_s8(ZERO_A), zero_b = vdup_n_s8(ZERO_B);
        const int16x8_t zero = vdupq_n_s16(ZERO);

        """
        + NeonElementwise.loops(
          nest, q, vector: { product("low", 0) + "\n" + ($0 == 16 ? product("high", 1) : "") }, scalar: scalar)
      return KernelCode(body: body, units: nest.units)
    })
}
