/// Elementary functions in float32 built from + − × ÷ and sqrt alone, so that every target gives the same bits
/// (compiled without contraction). The emitted C (`KDCKernels`) repeats these operations in this order.
///
/// Each is defined for all 2³² arguments: denormal numbers are read and given, infinities and signed zeros are those of
/// IEEE 754, and NaN gives the quiet NaN 0x7fc00000. Errors are in ulp of the result, rounded up from a sweep against
/// double precision that the tests repeat.
package enum FloatMath {
  /// e^x to 1 ulp: x = n·ln2 + r by Cody and Waite's two-part reduction, a polynomial of degree 6 in r (Cephes' expf
  /// coefficients), scaling by 2^n in two halves, so that results below 2^−126 round once. 0 below −104, ∞ above 88.7.
  package static func exp(_ value: Float) -> Float {
    var x = value > -104 ? value : -104
    x = x < 89 ? x : 89
    let (n, tail) = exponential(x)
    let k = Int32(n)
    let half = k >> 1
    let y = (tail + 1) * powerOfTwo(half) * powerOfTwo(k &- half)
    return value == value ? y : notANumber
  }

  /// e^x − 1 for x ≤ 0, to 1 ulp; 0 for more.
  package static func expMinusOne(_ value: Float) -> Float {
    let x = value > -30 ? (value < 0 ? value : 0) : -30
    let (n, tail) = exponential(x)
    let scale = powerOfTwo(Int32(n))
    let y = tail * scale + (scale - 1)
    return value == value ? y : notANumber
  }

  /// n and e^r − 1 of x = n·ln2 + r.
  @inline(__always)
  private static func exponential(_ x: Float) -> (n: Float, tail: Float) {
    let n = (x * 1.4426950408889634).rounded(.toNearestOrEven)
    let r = (x - n * 0.693359375) - n * -2.12194440e-4
    var p: Float = 1.9875691500e-4
    p = p * r + 1.3981999507e-3
    p = p * r + 8.3334519073e-3
    p = p * r + 4.1665795894e-2
    p = p * r + 1.6666665459e-1
    p = p * r + 5.0000001201e-1
    p = p * (r * r)
    return (n, p + r)
  }

  @inline(__always)
  private static func powerOfTwo(_ n: Int32) -> Float { Float(bitPattern: UInt32(truncatingIfNeeded: n &+ 127) << 23) }

  /// 1 / (1 + e^−x) to 3 ulp: with e = e^−|x|, e / (1 + e) below 0 and 1 / (1 + e) from 0 on.
  package static func sigmoid(_ x: Float) -> Float {
    let e = exp(-x.magnitude)
    return (x < 0 ? e : 1) / (1 + e)
  }

  /// 1 − 2 / (e^2x + 1); odd polynomial below |x| = 0.625 (Cephes' tanhf). 2 ulp.
  package static func tanh(_ x: Float) -> Float {
    guard x == x else { return notANumber }
    let magnitude = x.magnitude
    guard magnitude < 0.625 else { return signed(1 - 2 / (exp(2 * magnitude) + 1), x) }
    let s = x * x
    var p: Float = -5.70498872745e-3
    p = p * s + 2.06390887954e-2
    p = p * s + -5.37397155531e-2
    p = p * s + 1.33314422036e-1
    p = p * s + -3.33332819422e-1
    p = p * s
    return signed(p * magnitude + magnitude, x)
  }

  /// Natural logarithm to 1 ulp (Cephes' logf): x = m · 2^e with m in [√½, √2), a polynomial of degree 8 in m − 1.
  /// Negative numbers give NaN, zeros −∞, +∞ itself.
  package static func log(_ value: Float) -> Float {
    guard value >= 0 else { return notANumber }
    if value == 0 { return -Float.infinity }
    if value > 3.4028235e38 { return value }
    var x = value
    var e: Int32 = 0
    if x < 1.1754944e-38 {
      x = x * 8388608
      e = -23
    }
    let bits = x.bitPattern
    e = e &+ (Int32(truncatingIfNeeded: bits >> 23) &- 126)
    var m = Float(bitPattern: (bits & 0x007f_ffff) | 0x3f00_0000)
    if m < 0.70710678 {
      e = e &- 1
      m = m + m
    }
    m = m - 1
    let z = m * m
    var p: Float = 7.0376836292e-2
    p = p * m + -1.1514610310e-1
    p = p * m + 1.1676998740e-1
    p = p * m + -1.2420140846e-1
    p = p * m + 1.4249322787e-1
    p = p * m + -1.6668057665e-1
    p = p * m + 2.0000714765e-1
    p = p * m + -2.4999993993e-1
    p = p * m + 3.3333331174e-1
    p = p * m
    p = p * z
    let n = Float(e)
    p = p + n * -2.12194440e-4
    p = p + z * -0.5
    return (m + p) + n * 0.693359375
  }

  /// Error function to 3 ulp: odd polynomial below |x| = 1 (Cephes' erff), then 1 − erfc; ±1 from 4 on.
  package static func erf(_ x: Float) -> Float {
    guard x == x else { return notANumber }
    let m = x.magnitude
    if m < 1 { return signed(m * innerErf(m), x) }
    return signed(m < 4 ? 1 - complementaryErf(m) : 1, x)
  }

  /// 1 − erf(m) for m ≥ 0 (Cephes' erfcf): e^(−m²) · P(1/m²) / m from 1 on, with m² in two parts. 4 ulp down to 2^−126.
  static func complementaryErf(_ magnitude: Float) -> Float {
    let m = magnitude < 12 ? magnitude : 12
    if m < 1 { return 1 - m * innerErf(m) }
    let q = 1 / m
    let y = q * q
    var p: Float
    if m < 2 {
      p = 2.326819970068386e-2
      p = p * y + -1.387039388740657e-1
      p = p * y + 3.687424674597105e-1
      p = p * y + -5.824733027278666e-1
      p = p * y + 6.210004621745983e-1
      p = p * y + -4.944515323274145e-1
      p = p * y + 3.404879937665872e-1
      p = p * y + -2.741127028184656e-1
      p = p * y + 5.638259427386472e-1
    } else {
      p = -1.047766399936249e+1
      p = p * y + 1.297719955372516e+1
      p = p * y + -7.495518717768503
      p = p * y + 2.921019019210786
      p = p * y + -1.015265279202700
      p = p * y + 4.218463358204948e-1
      p = p * y + -2.820767439740514e-1
      p = p * y + 5.641895067754075e-1
    }
    let high = Float(bitPattern: m.bitPattern & 0xffff_f000)
    let low = (m - high) * (m + high)
    return ((exp(-(high * high)) * exp(-low)) * q) * p
  }

  /// erf(m) / m for 0 ≤ m < 1.
  @inline(__always)
  private static func innerErf(_ m: Float) -> Float {
    let s = m * m
    var p: Float = 7.853861353153693e-5
    p = p * s + -8.010193625184903e-4
    p = p * s + 5.188327685732524e-3
    p = p * s + -2.685381193529856e-2
    p = p * s + 1.128358514861418e-1
    p = p * s + -3.761262582423300e-1
    p = p * s + 1.128379165726710
    return p
  }

  /// log(1 + e^x) without overflow to 2 ulp: max(x, 0) + log(u) + (e − (u − 1)) / u with e = e^−|x| and u = 1 + e
  /// rounded; the last term is what the rounding lost.
  package static func softplus(_ x: Float) -> Float {
    let e = exp(-x.magnitude)
    let u = 1 + e
    return (x > 0 ? x : 0) + (log(u) + (e - (u - 1)) / u)
  }

  /// min(max(x, low), high); NaN stays, and −0 becomes `low` where that is 0.
  @inline(__always)
  package static func clamp(_ x: Float, _ low: Float, _ high: Float) -> Float {
    let t = x <= low ? low : x
    return t > high ? high : t
  }

  /// `magnitude` with the sign of x.
  @inline(__always)
  static func signed(_ magnitude: Float, _ x: Float) -> Float { Float(signOf: x, magnitudeOf: magnitude) }

  /// y, where it is no NaN: arithmetic makes NaN of other bits on each architecture.
  @inline(__always)
  static func number(_ y: Float) -> Float { y == y ? y : notANumber }

  static let notANumber = Float(bitPattern: 0x7fc0_0000)
}
