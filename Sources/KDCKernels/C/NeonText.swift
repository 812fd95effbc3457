import KDCProgram

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
