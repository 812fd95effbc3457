extension FloatMath {
  /// a^b as C's `pow` (IEEE 754-2008, 9.2.1), to 0.51 ulp: e^(b · ln |a|) in float64, rounded once.
  ///
  /// Of negative a: integral b give ±|a|^b by its parity, others NaN. x^0 and 1^x are 1, of NaN too; (−1)^±∞ is 1; powers
  /// of ±0 and ±∞ keep the sign for odd integers.
  ///
  /// ln m = n·ln2 + 2·atanh(s), s = (f − 1)/(f + 1), m = f·2^n with f in [√½, √2), nine terms of the series; e^t = 2^k · e^r,
  /// eleven terms.
  package static func power(_ a: Float, _ b: Float) -> Float {
    if b == 0 || a == 1 || (a == -1 && b.isInfinite) { return 1 }
    // Every float32 from 2^23 on is an integer, from 2^24 on an even one.
    let whole = b.rounded(.down) == b
    let isOdd = whole && (b * 0.5).rounded(.down) != b * 0.5
    guard a == a, b == b, a >= 0 || whole || a == -Float.infinity else { return notANumber }
    let m = Double(a.magnitude)
    let product = Double(b) * (m == 0 ? -Double.infinity : m == .infinity ? m : logarithm(m))
    var t = product > -110 ? product : -110
    t = t < 90 ? t : 90
    let y = Float(exponential(t))
    return isOdd ? signed(y, a) : y
  }

  /// ln m of a positive normal number.
  @inline(__always)
  static func logarithm(_ m: Double) -> Double {
    // The bits above those of √½: the exponent of m / √½, rounded down.
    let above = m.bitPattern &- 0x3fe6_a09e_0000_0000
    let n = Double(Int32(truncatingIfNeeded: Int64(bitPattern: above) >> 52))
    let f = Double(bitPattern: m.bitPattern &- (above & 0xfff0_0000_0000_0000))
    let s = (f - 1) / (f + 1)
    let z = s * s
    var p = 1.0 / 17.0
    p = p * z + 1.0 / 15.0
    p = p * z + 1.0 / 13.0
    p = p * z + 1.0 / 11.0
    p = p * z + 1.0 / 9.0
    p = p * z + 1.0 / 7.0
    p = p * z + 1.0 / 5.0
    p = p * z + 1.0 / 3.0
    p = p * z + 1.0
    return n * 0.69314718055994531 + (2.0 * s) * p
  }

  /// e^t for −110 ≤ t ≤ 90.
  @inline(__always)
  static func exponential(_ t: Double) -> Double {
    let k = (t * 1.4426950408889634).rounded(.toNearestOrEven)
    let r = t - k * 0.69314718055994531
    var p = 1.0 / 39916800.0
    p = p * r + 1.0 / 3628800.0
    p = p * r + 1.0 / 362880.0
    p = p * r + 1.0 / 40320.0
    p = p * r + 1.0 / 5040.0
    p = p * r + 1.0 / 720.0
    p = p * r + 1.0 / 120.0
    p = p * r + 1.0 / 24.0
    p = p * r + 1.0 / 6.0
    p = p * r + 0.5
    p = p * r + 1.0
    p = p * r + 1.0
    return p * Double(bitPattern: UInt64(truncatingIfNeeded: Int64(k) &+ 1023) << 52)
  }
}
