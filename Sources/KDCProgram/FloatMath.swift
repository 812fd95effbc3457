/// Elementary functions in float32 built from + − × ÷ and sqrt alone, so that every target gives the same bits
/// (compiled without contraction). The emitted C (`KDCKernels`) repeats these operations in this order.
package enum FloatMath {
  /// e^x to about 1 ulp: x = n·ln2 + r by Cody and Waite's two-part reduction, a polynomial of degree 6 in r
  /// (Cephes' expf coefficients), scaling by 2^n through the exponent bits. Clamped to ±87.33; NaN gives exp(−87.33).
  package static func exp(_ value: Float) -> Float {
    var x = value > -87.33 ? value : -87.33
    x = x < 88.37 ? x : 88.37
    let n = (x * 1.4426950408889634).rounded(.toNearestOrEven)
    let r = (x - n * 0.693359375) - n * -2.12194440e-4
    var p: Float = 1.9875691500e-4
    p = p * r + 1.3981999507e-3
    p = p * r + 8.3334519073e-3
    p = p * r + 4.1665795894e-2
    p = p * r + 1.6666665459e-1
    p = p * r + 5.0000001201e-1
    p = p * (r * r)
    p = (p + r) + 1
    let bits = UInt32(truncatingIfNeeded: (Int32(n) + 127) << 23)
    return p * Float(bitPattern: bits)
  }

  /// 1 / (1 + e^−x).
  package static func sigmoid(_ x: Float) -> Float { 1 / (1 + exp(-x)) }

  /// 1 − 2 / (e^2x + 1); odd polynomial below |x| = 0.625 (Cephes' tanhf).
  package static func tanh(_ x: Float) -> Float {
    let magnitude = x < 0 ? -x : x
    if magnitude < 0.625 {
      let s = x * x
      var p: Float = -5.70498872745e-3
      p = p * s + 2.06390887954e-2
      p = p * s + -5.37397155531e-2
      p = p * s + 1.33314422036e-1
      p = p * s + -3.33332819422e-1
      p = p * s
      return p * x + x
    }
    let t = 1 - 2 / (exp(2 * magnitude) + 1)
    return x < 0 ? -t : t
  }

  /// Natural logarithm (Cephes' logf): x = m · 2^e with m in [√½, √2), a polynomial of degree 8 in m − 1. Negative
  /// numbers and NaN give the quiet NaN 0x7fc00000, zero −∞, +∞ itself.
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

  /// Error function (Cephes' erff, erfcf): odd polynomial below |x| = 1, then 1 − e^(−x²) · P(1/x²) / x; ±1 from 4 on.
  package static func erf(_ x: Float) -> Float {
    let magnitude = x < 0 ? -x : x
    if magnitude < 1 {
      let s = x * x
      var p: Float = 7.853861353153693e-5
      p = p * s + -8.010193625184903e-4
      p = p * s + 5.188327685732524e-3
      p = p * s + -2.685381193529856e-2
      p = p * s + 1.128358514861418e-1
      p = p * s + -3.761262582423300e-1
      p = p * s + 1.128379165726710
      return x * p
    }
    if magnitude >= 4 { return x < 0 ? -1 : 1 }
    let q = 1 / magnitude
    let y = q * q
    var p: Float
    if magnitude < 2 {
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
    let t = 1 - (exp(-(magnitude * magnitude)) * q) * p
    return x < 0 ? -t : t
  }

  /// log(1 + e^x) without overflow: max(x, 0) + log(1 + e^−|x|).
  package static func softplus(_ x: Float) -> Float {
    let magnitude = x < 0 ? -x : x
    return (x > 0 ? x : 0) + log(1 + exp(-magnitude))
  }

  /// a^b for a ≥ 0 as e^(b · log a); 0^0 is 1, 0 to a negative power +∞; a < 0 and NaN in a give NaN.
  package static func power(_ a: Float, _ b: Float) -> Float {
    guard a >= 0 else { return notANumber }
    if a == 0 { return b > 0 ? 0 : b < 0 ? Float.infinity : 1 }
    return exp(b * log(a))
  }

  /// The NaN that functions make themselves: arithmetic makes others on each architecture.
  static let notANumber = Float(bitPattern: 0x7fc0_0000)
}
