import KDCProgram

/// Kernels of `QuantizeStep`; those of images are in QuantizeImage.swift.
enum QuantizeKernels {
  static let scalar = StepFamily<QuantizeStep>(
    name: "quantize_scalar", cycles: { step in LoopNest(step.walk).scalarCycles(dense: 2.2, strided: 2.2) },
    emit: { step in
      let nest = LoopNest(step.walk)
      let body = nest.emit(LoopNest.unary("float", "int8_t")) { x in
        "\(x[1]) = \(value(of: x[0], step));"
      }
      return KernelCode(body: body, units: nest.units)
    })

  /// The formula of a `QuantizeStep` for the C expression `x`.
  static func value(of x: String, _ step: QuantizeStep) -> String {
    let q = "kdc_quantize(\(x), \(CText.literal(step.inverseScale)), \(step.zeroPoint))"
    return step.isNarrow ? "kdc_clamp(\(q), \(step.low), \(step.high))" : q
  }

  /// Where the order stays.
  static let flatNeon = StepFamily<QuantizeStep>(
    name: "quantize_16_neon", feature: .neon,
    refuses: { step in LoopNest(step.walk).isFlat ? nil : "the order changes" },
    cycles: { step in Double(step.walk.count) / 16 * 18 + 20 },
    emit: { step in
      let nest = LoopNest(step.walk)
      let body = nest.emitInner(LoopNest.unary("float", "int8_t")) { names, first, last in
        """
        const float32x4_t scale = vdupq_n_f32(\(CText.literal(step.inverseScale)));
        const int16x8_t zero = vdupq_n_s16(\(step.zeroPoint));
        size_t i = \(first);
        for (; i + 16 <= \(last); i += 16) vst1q_s8(y + i, \(neon(at: "x + i", step)));
        for (; i < \(last); i++) y[i] = \(QuantizeKernels.value(of: "x[i]", step));
        """
      }
      return KernelCode(body: body, units: nest.units)
    })

  /// 16 values at the address `x`; expects `scale` and `zero`.
  static func neon(at x: String, _ step: QuantizeStep) -> String {
    let v = "kdc_quantize16(\(x), scale, zero)"
    return step.isNarrow ? "vminq_s8(vmaxq_s8(\(v), vdupq_n_s8(\(step.low))), vdupq_n_s8(\(step.high)))" : v
  }

  /// Where the order stays.
  static let flatAvx2 = StepFamily<QuantizeStep>(
    name: "quantize_32_avx2", feature: .avx2,
    refuses: { step in LoopNest(step.walk).isFlat ? nil : "the order changes" },
    cycles: { step in Double(step.walk.count) / 32 * 12 + 20 },
    emit: { step in
      let nest = LoopNest(step.walk)
      let body = nest.emitInner(LoopNest.unary("float", "int8_t")) { names, first, last in
        """
        size_t i = \(first);
        for (; i + 32 <= \(last); i += 32) _mm256_storeu_si256((__m256i *)(y + i), \(avx2("x + i", step)));
        for (; i < \(last); i++) y[i] = \(QuantizeKernels.value(of: "x[i]", step));
        """
      }
      return KernelCode(body: body, units: nest.units)
    })

  /// 32 values at the address `x`.
  static func avx2(_ x: String, _ step: QuantizeStep) -> String {
    let q = "kdc_quantize32(\(x), \(CText.literal(step.inverseScale)), \(step.zeroPoint))"
    guard step.isNarrow else { return q }
    return "_mm256_min_epi8(_mm256_max_epi8(\(q), _mm256_set1_epi8(\(step.low))), _mm256_set1_epi8(\(step.high)))"
  }
}
