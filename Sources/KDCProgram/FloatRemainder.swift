extension FloatMath {
  /// What is left of `a` after the whole multiples of `b` toward zero, with the sign of `a`: exact, as C's fmod.
  ///
  /// A divisor of 0, a NaN and an infinite `a` give the quiet NaN 0x7fc00000; an infinite `b` gives `a`.
  package static func remainder(_ a: Float, _ b: Float) -> Float {
    guard a.isFinite, !b.isNaN, b != 0 else { return Float(bitPattern: 0x7fc0_0000) }
    return a.truncatingRemainder(dividingBy: b)
  }
}
