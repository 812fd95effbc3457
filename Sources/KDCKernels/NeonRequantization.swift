import KDCProgram

/// The C of `Requantization` on int32x4 vectors of sums, for vectors that lie along the channels.
struct NeonRequantization {
  let step: ConvolutionStep
  var r: Requantization { step.requantization }
  var clamps: Bool { r.low > -128 || r.high < 127 }

  var helpers: Set<String> { step.residual == nil ? [] : ["kdc_load_4"] }

  /// From the sum `h` of the channels at `n`, without the bias where one is given, to the value before the shift, in
  /// place; `at` is the output's index of the first lane, and that of `residual`.
  func high(_ h: String, bias: String?, multipliers: String, at: String, residual: String = "residual") -> String {
    var lines = bias.map { "\(h) = vaddq_s32(\(h), \($0));\n" } ?? ""
    if r.preShift > 0 { lines += "\(h) = vshlq_n_s32(\(h), PRE_SHIFT);\n" }
    lines += "\(h) = vqrdmulhq_s32(\(h), \(multipliers));\n"
    if step.residual != nil {
      lines +=
        "\(h) = vmlal_n_s16(\(h), vsub_s16(kdc_load_4(\(residual) + \(at)), vdup_n_s16(RESIDUAL_ZERO)), RESIDUAL_MULTIPLIER);\n"
    }
    return lines
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
}
