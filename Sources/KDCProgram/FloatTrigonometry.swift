/// Trigonometric and hyperbolic functions and their inverses: computed in float64 and rounded once, so to 0.51 ulp. Every
/// NaN, and every argument outside the domain, gives the NaN 0x7fc00000.
extension FloatMath {
  package static func sin(_ x: Float) -> Float {
    let (n, r) = quadrant(x.magnitude)
    let y = n & 1 == 0 ? sine(r) : cosine(r)
    return isNumber(x) ? Float(n & 2 == 0 ? y : -y) * signed(1, x) : notANumber
  }

  package static func cos(_ x: Float) -> Float {
    let (n, r) = quadrant(x.magnitude)
    let y = n & 1 == 0 ? cosine(r) : sine(r)
    return isNumber(x) ? Float((n &+ 1) & 2 == 0 ? y : -y) : notANumber
  }

  package static func tan(_ x: Float) -> Float {
    let (n, r) = quadrant(x.magnitude)
    let (s, c) = (sine(r), cosine(r))
    return isNumber(x) ? Float(n & 1 == 0 ? s / c : -c / s) * signed(1, x) : notANumber
  }

  /// Below ½ a polynomial, above it π/2 − 2·asin(√((1 − |x|)/2)).
  package static func asin(_ x: Float) -> Float {
    let m = Double(x.magnitude)
    let (isLarge, y) = innerArcSine(m)
    return m <= 1 ? Float(isLarge ? 1.5707963267948966 - 2 * y : y) * signed(1, x) : notANumber
  }

  /// π/2 − asin(x), without the subtraction from ½ on: 2·asin(√((1 − x)/2)), and π less that of −x.
  package static func acos(_ x: Float) -> Float {
    let m = Double(x.magnitude)
    let (isLarge, y) = innerArcSine(m)
    let outer = x < 0 ? 3.1415926535897931 - 2 * y : 2 * y
    let inner = 1.5707963267948966 - (x < 0 ? -y : y)
    return m <= 1 ? Float(isLarge ? outer : inner) : notANumber
  }

  /// About 0, about 1 and about ∞, the borders at tan(π/8) and tan(3π/8): base + atan(a / b) with |a / b| ≤ tan(π/8).
  package static func atan(_ x: Float) -> Float {
    let m = Double(x.magnitude)
    let (isLarge, isMiddle) = (m > 2.414213562373095, m > 0.41421356237309503)
    let a = isLarge ? -1 : isMiddle ? m - 1 : m
    let b = isLarge ? m : isMiddle ? m + 1 : 1
    let base = isLarge ? 1.5707963267948966 : isMiddle ? 0.78539816339744828 : 0
    let t = a / b
    let z = t * t
    var p = -0.0376985715542979
    p = p * z + 0.06976828570081278
    p = p * z + -0.08993178779501222
    p = p * z + 0.111035307834786
    p = p * z + -0.14285391033501033
    p = p * z + 0.19999993183061085
    p = p * z + -0.33333333278328775
    return x == x ? Float(base + (t + t * z * p)) * signed(1, x) : notANumber
  }

  /// (e^|x| − e^−|x|) / 2; below 1 the series.
  package static func sinh(_ x: Float) -> Float {
    let m = Double(x.magnitude)
    let e = exponential(m < 90 ? m : 90)
    let z = m * m
    var p = 1.0 / 39916800.0
    p = p * z + 1.0 / 362880.0
    p = p * z + 1.0 / 5040.0
    p = p * z + 1.0 / 120.0
    p = p * z + 1.0 / 6.0
    return x == x ? Float(m < 1 ? m + m * z * p : 0.5 * (e - 1 / e)) * signed(1, x) : notANumber
  }

  package static func cosh(_ x: Float) -> Float {
    let m = Double(x.magnitude)
    let e = exponential(m < 90 ? m : 90)
    return x == x ? Float(0.5 * (e + 1 / e)) : notANumber
  }

  /// ln(|x| + √(x² + 1)); below 1/16 the series.
  package static func asinh(_ x: Float) -> Float {
    let m = finite(x.magnitude)
    let z = m * m
    let y = logarithm(m + (z + 1).squareRoot())
    var p = -5.0 / 112.0
    p = p * z + 3.0 / 40.0
    p = p * z + -1.0 / 6.0
    let result = Float(m < 0.0625 ? m + m * z * p : y) * signed(1, x)
    return x == x ? (x.magnitude == .infinity ? x : result) : notANumber
  }

  /// ln(x + √(x² − 1)) from 1 on.
  package static func acosh(_ x: Float) -> Float {
    let m = finite(x < 1 ? 1 : x)
    let y = Float(logarithm(m + ((m - 1) * (m + 1)).squareRoot()))
    return x >= 1 ? (x == .infinity ? x : y) : notANumber
  }

  /// ½·ln((1 + |x|) / (1 − |x|)); below 1/16 the series.
  package static func atanh(_ x: Float) -> Float {
    let m = Double(x.magnitude)
    let inside = m < 1 ? m : 0
    let y = 0.5 * logarithm((1 + inside) / (1 - inside))
    let z = inside * inside
    var p = 1.0 / 9.0
    p = p * z + 1.0 / 7.0
    p = p * z + 1.0 / 5.0
    p = p * z + 1.0 / 3.0
    let result = Float(m < 0.0625 ? m + m * z * p : y)
    return m <= 1 ? (m == 1 ? .infinity : result) * signed(1, x) : notANumber
  }
}

extension FloatMath {
  @inline(__always)
  private static func isNumber(_ x: Float) -> Bool { x.magnitude < .infinity }

  /// The number in float64; 1 for ∞ and NaN.
  @inline(__always)
  private static func finite(_ x: Float) -> Double { x.magnitude < .infinity ? Double(x) : 1 }

  /// 1/2π · 2^8g less its integral part, for g from 0 on: 29 bits, 29 bits, and the rest.
  private static let turns: [(high: Double, middle: Double, low: Double)] = [
    (85445659, 240010261, 5.69002518269599e-19), (399252338, 239342889, 3.4173196469191853e-18),
    (203125362, 68495868, 5.331977190006248e-19), (460485152, 355073063, 1.19018493796901e-18),
    (309469353, 167520087, 2.8454593001021025e-18), (304130383, 472340433, 3.3231678678328996e-18),
    (11096033, 123195893, 7.164709365867991e-19), (156229946, 399635764, 3.0053182646326145e-18),
    (266418878, 301282525, 2.6136993642005284e-18), (20627087, 355786176, 2.9732224602413937e-18),
    (448696233, 350077147, 1.3360673439552855e-18), (512731558, 499178338, 2.027437761098926e-18),
    (262776558, 14377621, 2.0767270002365032e-18), (161934854, 459445657, 8.167284116418754e-19),
  ]

  /// m = n·π/2 + r with |r| ≤ π/4, n modulo 4, for m ≥ 0: m = k·2^8g, where k is an integer below 2^32 if g > 0, so that whole
  /// turns of 2^8g/2π may be left out. Both products are exact, what is left of them is added where it is exact if it is small.
  @inline(__always)
  private static func quadrant(_ magnitude: Float) -> (n: Int32, r: Double) {
    let m = magnitude < .infinity ? magnitude : 0
    let exponent = Int32(truncatingIfNeeded: m.bitPattern >> 23)
    let g = (exponent > 150 ? exponent &- 150 : 0) >> 3
    let part = turns[Int(g)]
    let k = Double(m) * Double(bitPattern: UInt64(truncatingIfNeeded: 1023 &- 8 &* g) << 52)
    let a = k * (part.high * 0x1p-27)
    let b = k * (part.middle * 0x1p-56)
    let (wholeA, wholeB) = (a.rounded(.toNearestOrEven), b.rounded(.toNearestOrEven))
    let (restA, restB) = (a - wholeA, b - wholeB)
    let whole = (restA + restB).rounded(.toNearestOrEven)
    let rest = ((restA - whole) + restB) + k * (part.low * 4)
    let n = wholeA + (wholeB + whole)
    return (Int32(n - 4 * (n * 0.25).rounded(.down)), rest * 1.5707963267948966)
  }

  /// For |r| ≤ π/4.
  @inline(__always)
  private static func sine(_ r: Double) -> Double {
    let z = r * r
    var p = -1.0 / 39916800.0
    p = p * z + 1.0 / 362880.0
    p = p * z + -1.0 / 5040.0
    p = p * z + 1.0 / 120.0
    p = p * z + -1.0 / 6.0
    return r + r * z * p
  }

  /// For |r| ≤ π/4.
  @inline(__always)
  private static func cosine(_ r: Double) -> Double {
    let z = r * r
    var p = 1.0 / 479001600.0
    p = p * z + -1.0 / 3628800.0
    p = p * z + 1.0 / 40320.0
    p = p * z + -1.0 / 720.0
    p = p * z + 1.0 / 24.0
    p = p * z + -0.5
    return 1 + z * p
  }

  /// asin(m) below ½, from there to 1 asin(√((1 − m)/2)); the polynomial is one of least error in m², 1e-12 relative.
  @inline(__always)
  private static func innerArcSine(_ m: Double) -> (isLarge: Bool, y: Double) {
    let isLarge = m >= 0.5
    let half = (1 - m) * 0.5
    let z = isLarge ? (half > 0 ? half : 0) : m * m
    let s = isLarge ? z.squareRoot() : m
    var p = 0.03308117163171095
    p = p * z + 0.0017925205172500767
    p = p * z + 0.020731107000908834
    p = p * z + 0.02184526740596102
    p = p * z + 0.03042933903515837
    p = p * z + 0.04464048762257642
    p = p * z + 0.07500005894535756
    p = p * z + 0.16666666610467779
    return (isLarge, s + s * z * p)
  }
}
