import KDCProgram

/// The C of `Requantization` on int32x4 vectors of sums, for vectors that lie along the channels.
struct NeonRequantization {
  let step: ConvolutionStep
  var r: Requantization { step.requantization }
  var clamps: Bool { r.low > -128 || r.high < 127 }

  /// From the sum `h` of the channels at `n`, without the bias where one is given, to the value before the shift, in
  /// place; `at` is the output's index of the first lane, and that of the residual's.
  func high(_ h: String, bias: String?, multipliers: String, at: String) -> String {
    var lines = bias.map { "\(h) = vaddq_s32(\(h), \($0));\n" } ?? ""
    if r.preShift > 0 { lines += "\(h) = \(preShifted(h));\n" }
    lines += "\(h) = vqrdmulhq_s32(\(h), \(multipliers));\n"
    if step.residual != nil {
      lines +=
        "\(h) = vmlal_n_s16(\(h), vsub_s16(kdc_load_4(residual + \(at)), vdup_n_s16(RESIDUAL_ZERO)), RESIDUAL_MULTIPLIER);\n"
    }
    return lines
  }

  /// Layers with a residual share their function although this shift differs.
  private func preShifted(_ h: String) -> String {
    step.residual == nil ? "vshlq_n_s32(\(h), PRE_SHIFT)" : "vshlq_s32(\(h), vdupq_n_s32(PRE_SHIFT))"
  }

  /// int16x4 of one vector, int16x8 of two.
  func narrow(_ h: String) -> String { r.shift > 0 ? "vqrshrn_n_s32(\(h), SHIFT)" : "vqmovn_s32(\(h))" }
  func narrow(_ h0: String, _ h1: String) -> String {
    r.shift > 0
      ? "vqrshrn_high_n_s32(\(narrow(h0)), \(h1), SHIFT)" : "vqmovn_high_s32(\(narrow(h0)), \(h1))"
  }

  /// `t` with the zero point.
  func shifted(_ t: String) -> String { r.zeroPoint == 0 ? t : "vqaddq_s16(\(t), vdupq_n_s16(ZERO_POINT))" }

  /// `y`, int8x16, clamped where the limits are not int8's own.
  func clamped(_ y: String) -> String {
    var text = y
    if r.low > -128 { text = "vmaxq_s8(\(text), vdupq_n_s8(LOW))" }
    if r.high < 127 { text = "vminq_s8(\(text), vdupq_n_s8(HIGH))" }
    return text
  }

  /// From the sums `int32x4_t sums[4]` of 16 channels, bias included, to `int8x16_t values`. `multipliers` points to those of the
  /// channels, `at` is the output's index of the first.
  func sixteen(sums s: String, multipliers: String, at: String) -> String {
    let before = r.preShift > 0 ? preShifted("\(s)[i]") : "\(s)[i]"
    var text =
      "KDC_UNROLL for (int i = 0; i < 4; i++) \(s)[i] = vqrdmulhq_s32(\(before), vld1q_s32(\(multipliers) + 4 * i));\n"
    if step.residual != nil {
      text += """
        const int8x16_t r = vld1q_s8(residual + \(at)), zero = vdupq_n_s8(RESIDUAL_ZERO);
        const int16x8_t r0 = vsubl_s8(vget_low_s8(r), vget_low_s8(zero)), r1 = vsubl_high_s8(r, zero);
        \(s)[0] = vmlal_n_s16(\(s)[0], vget_low_s16(r0), RESIDUAL_MULTIPLIER);
        \(s)[1] = vmlal_high_n_s16(\(s)[1], r0, RESIDUAL_MULTIPLIER);
        \(s)[2] = vmlal_n_s16(\(s)[2], vget_low_s16(r1), RESIDUAL_MULTIPLIER);
        \(s)[3] = vmlal_high_n_s16(\(s)[3], r1, RESIDUAL_MULTIPLIER);

        """
    }
    text += "const int16x8_t t0 = \(shifted(narrow("\(s)[0]", "\(s)[1]")));\n"
    text += "const int16x8_t t1 = \(shifted(narrow("\(s)[2]", "\(s)[3]")));\n"
    return text + "const int8x16_t values = \(clamped("vqmovn_high_s16(vqmovn_s16(t0), t1)"));\n"
  }
}
