import KDCProgram

/// NEON for the element-wise int8 steps: 16 elements a turn along the innermost loop, where operands lie densely or are
/// one value.
enum NeonInteger {
  static let add = StepFamily<AddStep>(
    name: "add_16_neon", feature: .neon,
    refuses: { step, _ in refusal(of: LoopNest(step.walk)) },
    cycles: { step, _, _ in cycles(of: LoopNest(step.walk), each: 11) },
    emit: { step, _, _ in
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
        + elementwise(
          nest, q, vector: { sum("low", 0) + "\n" + ($0 == 16 ? sum("high", 1) : "") }, scalar: scalar)
      return KernelCode(body: body, units: nest.units, packings: [])
    })

  static let multiply = StepFamily<MultiplyStep>(
    name: "multiply_16_neon", feature: .neon,
    refuses: { step, _ in refusal(of: LoopNest(step.walk)) },
    cycles: { step, _, _ in cycles(of: LoopNest(step.walk), each: 13) },
    emit: { step, _, _ in
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
        + elementwise(
          nest, q, vector: { product("low", 0) + "\n" + ($0 == 16 ? product("high", 1) : "") }, scalar: scalar)
      return KernelCode(body: body, helpers: ["kdc_rdmulh", "kdc_finish"], units: nest.units, packings: [])
    })

  static let table = StepFamily<TableStep>(
    name: "table_tbl_neon", feature: .neon,
    refuses: { step, _ in step.channels == 1 ? nil : "a table for each channel" },
    cycles: { step, _, _ in Double(step.count) / 16 * 21 + 20 },
    emit: { step, _, _ in
      let nest = LoopNest(Walk(extents: [step.count], strides: [[1], [1]]))
      let body = nest.emitInner(ScalarInteger.unaryOperands("uint8_t", "uint8_t")) { names, first, last in
        """
        const uint8_t *t = c[0];
        const uint8x16x4_t t0 = vld1q_u8_x4(t), t1 = vld1q_u8_x4(t + 64), t2 = vld1q_u8_x4(t + 128), t3 = vld1q_u8_x4(t + 192);
        size_t i = \(first);
        for (; i + 16 <= \(last); i += 16) {
          // Entry 0 is that of -128.
          const uint8x16_t k = veorq_u8(vld1q_u8(x + i), vdupq_n_u8(128));
          uint8x16_t r = vqtbl4q_u8(t0, k);
          r = vqtbx4q_u8(r, t1, vsubq_u8(k, vdupq_n_u8(64)));
          r = vqtbx4q_u8(r, t2, vsubq_u8(k, vdupq_n_u8(128)));
          r = vqtbx4q_u8(r, t3, vsubq_u8(k, vdupq_n_u8(192)));
          vst1q_u8(y + i, r);
        }
        for (; i < \(last); i++) y[i] = t[x[i] ^ 128];
        """
      }
      return KernelCode(body: body, units: nest.units, packings: [.plain])
    })

  // MARK: Parts

  private static func refusal(of nest: LoopNest) -> String? {
    guard nest.innerStride(2) == 1, (0..<2).allSatisfy({ nest.innerStride($0) <= 1 && nest.innerStride($0) >= 0 })
    else {
      return "an operand is not dense along the innermost loop"
    }
    return nest.inner < 8 ? "fewer than 8 elements along the innermost loop" : nil
  }

  private static func cycles(of nest: LoopNest, each: Double) -> Double {
    let turns = Double(nest.inner / 16) + (nest.inner % 16 >= 8 ? 0.7 : 0) + Double(nest.inner % 8) * 0.6
    return Double(nest.count / nest.inner) * (turns * each + 6)
  }

  /// Turns of 16, then of 8, then of one element. `vector` makes r0 (and r1 for 16) from u and v.
  private static func elementwise(
    _ nest: LoopNest, _ q: Requantization, vector: (Int) -> String, scalar: String
  ) -> String {
    nest.emitInner(ScalarInteger.binaryOperands) { names, first, last in
      func load(_ operand: Int, _ lanes: Int) -> String {
        let name = names[operand]
        if nest.innerStride(operand) == 0 { return "\(operand == 0 ? "p" : "q")_all" }
        return lanes == 16 ? "vld1q_s8(\(name) + i)" : "vcombine_s8(vld1_s8(\(name) + i), vdup_n_s8(0))"
      }
      var text = ""
      for operand in 0..<2 where nest.innerStride(operand) == 0 {
        text += "const int8x16_t \(operand == 0 ? "p" : "q")_all = vdupq_n_s8(*\(names[operand]));\n"
      }
      text += "size_t i = \(first);\n"
      let isChunked = nest.extents.count == 1 && nest.units > 1
      if nest.inner >= 16 {
        text += """
          for (; i + 16 <= \(last); i += 16) {
            const int8x16_t u = \(load(0, 16)), v = \(load(1, 16));
          \(CText.indented(vector(16)))
            vst1q_s8(\(names[2]) + i, \(NeonText.clamp("vqmovn_high_s16(vqmovn_s16(r0), r1)", q, wide: true)));
          }

          """
      }
      if nest.inner % 16 >= 8 {
        text += """
          \(isChunked || nest.inner >= 16 ? "if (i + 8 <= \(last)) " : ""){
            const int8x16_t u = \(load(0, 8)), v = \(load(1, 8));
          \(CText.indented(vector(8)))
            vst1_s8(\(names[2]) + i, \(NeonText.clamp("vqmovn_s16(r0)", q, wide: false)));
            i += 8;
          }

          """
      }
      if nest.inner % 8 > 0 {
        let one = scalar.replacing("p[i]", with: nest.innerStride(0) == 0 ? "\(names[0])[0]" : "\(names[0])[i]")
          .replacing("q[i]", with: nest.innerStride(1) == 0 ? "\(names[1])[0]" : "\(names[1])[i]")
          .replacing("y[i]", with: "\(names[2])[i]")
        text += "for (; i < \(last); i++) {\n\(CText.indented(one))\n}\n"
      }
      return String(text.dropLast())
    }
  }
}

/// Expressions that several NEON kernels share.
enum NeonText {
  /// Two int32x4 to one int16x8 by a saturating rounding shift.
  static func narrow(_ low: String, _ high: String, shift: Int) -> String {
    shift == 0
      ? "vqmovn_high_s32(vqmovn_s32(\(low)), \(high))"
      : "vqrshrn_high_n_s32(vqrshrn_n_s32(\(low), \(shift)), \(high), \(shift))"
  }

  /// int8 lanes within the clamp; nothing where the type's range is the clamp.
  static func clamp(_ value: String, _ q: Requantization, wide: Bool) -> String {
    let suffix = wide ? "q" : ""
    var text = value
    if q.low > -128 { text = "vmax\(suffix)_s8(\(text), vdup\(suffix)_n_s8(\(q.low)))" }
    if q.high < 127 { text = "vmin\(suffix)_s8(\(text), vdup\(suffix)_n_s8(\(q.high)))" }
    return text
  }
}
