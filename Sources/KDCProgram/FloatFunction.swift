/// A float32 function of one value with a fixed sequence of roundings: `FloatMath` here and the emitted C give the
/// same bits. `a` and `b` are the parameters.
///
/// NaN gives NaN. What a function makes of other values (√−1, −∞ · 0) is the NaN 0x7fc00000.
///
/// Errors in ulp of the result: sqrt, reciprocal, square, shrink ½; trigonometric and hyperbolic ones but tanh 0.51; exp, log,
/// elu 1; celu, tanh, softplus, softsign 2; sigmoid, erf 3.
/// Products whose factor vanishes lose digits on the way to 0, so that their errors are in ulp of max(|x|, 1) there, half
/// that of the argument: silu, gelu, geluTanh, mish 3; quickGelu and hardSwish 3.
package struct FloatFunction: Hashable, Sendable, Codable {
  package enum Kind: String, Sendable, Codable, CaseIterable {
    /// x; max(x, 0); clamp to [a, b]; x < 0 ? a·x : x
    case identity, relu, clip, leakyRelu
    /// 1/(1+exp(−x)); tanh; x·clamp(x·(1/6) + 1/2, 0, 1); clamp(a·x + b, 0, 1); x·sigmoid(x)
    case sigmoid, tanh, hardSwish, hardSigmoid, silu
    /// x ≥ 0 ? x : a·(exp(x) − 1); log(1 + exp(x)); ½x·(1 + erf(x/√2)); x·sigmoid(√(8/π)·(x + 0.044715x³))
    case elu, softplus, gelu, geluTanh
    /// x·sigmoid(a·x); x·tanh(softplus(x)); x / (1 + |x|)
    case quickGelu, mish, softsign
    /// x ≥ 0 ? x : a·(exp(x/a) − 1); 0 for |x| ≤ a, else b nearer to 0 than x; x > a ? x : 0
    case celu, shrink, thresholdedRelu
    case exp, log, sqrt, reciprocal, negate, abs, erf, floor, ceil, round, square, sign
    case sin, cos, tan, asin, acos, atan, sinh, cosh, asinh, acosh, atanh
  }
  package var kind: Kind
  package var a: Float
  package var b: Float

  package init(_ kind: Kind, a: Float = 0, b: Float = 0) {
    self.kind = kind
    self.a = a
    self.b = b
  }
  package static let identity = FloatFunction(.identity)
  package static let relu = FloatFunction(.relu)
}

extension FloatFunction {
  /// The defining expression of each kind; every operation rounds once, as written.
  @inline(__always)
  package func apply(_ x: Float) -> Float {
    switch kind {
    case .identity: x
    case .relu: x <= 0 ? 0 : x
    // An end of −0 is one of 0.
    case .clip: FloatMath.clamp(x, a + 0, b + 0)
    case .leakyRelu: x < 0 ? a * x : x
    case .sigmoid: FloatMath.sigmoid(x)
    case .tanh: FloatMath.tanh(x)
    case .hardSwish: FloatMath.number(x * FloatMath.clamp(x * 0.16666667 + 0.5, 0, 1))
    case .hardSigmoid: FloatMath.clamp(a * x + b, 0, 1)
    case .silu: FloatMath.number(x * FloatMath.sigmoid(x))
    case .elu: x >= 0 ? x : a * FloatMath.expMinusOne(x)
    case .softplus: FloatMath.softplus(x)
    case .gelu: gelu(x)
    case .geluTanh: FloatMath.number(x * FloatMath.sigmoid(1.5957691 * (x + ((0.044715 * x) * x) * x)))
    case .quickGelu: FloatMath.number(x * FloatMath.sigmoid(a * x))
    case .mish: FloatMath.number(x * FloatMath.tanh(FloatMath.softplus(x)))
    case .softsign: FloatMath.number(x / (1 + x.magnitude))
    case .celu: x >= 0 ? x : a * FloatMath.expMinusOne(x / a)
    case .shrink: x < -a ? x + b : x > a ? x - b : x == x ? 0 : x
    case .thresholdedRelu: x <= a ? 0 : x
    case .exp: FloatMath.exp(x)
    case .log: FloatMath.log(x)
    case .sqrt: FloatMath.number(x.squareRoot())
    case .reciprocal: 1 / x
    case .negate: -x
    case .abs: x.magnitude
    case .erf: FloatMath.erf(x)
    case .floor: x.rounded(.down)
    case .ceil: x.rounded(.up)
    case .round: x.rounded(.toNearestOrEven)
    case .square: x * x
    case .sign: x > 0 ? 1 : x < 0 ? -1 : x == 0 ? 0 : x
    case .sin: FloatMath.sin(x)
    case .cos: FloatMath.cos(x)
    case .tan: FloatMath.tan(x)
    case .asin: FloatMath.asin(x)
    case .acos: FloatMath.acos(x)
    case .atan: FloatMath.atan(x)
    case .sinh: FloatMath.sinh(x)
    case .cosh: FloatMath.cosh(x)
    case .asinh: FloatMath.asinh(x)
    case .acosh: FloatMath.acosh(x)
    case .atanh: FloatMath.atanh(x)
    }
  }

  /// The factor 1 + erf(x/√2) is erfc of the magnitude below 0, which keeps its digits, and 2 less that above.
  @inline(__always)
  private func gelu(_ x: Float) -> Float {
    let c = FloatMath.complementaryErf(x.magnitude * 0.70710678)
    return FloatMath.number((0.5 * x) * (x < 0 ? c : 2 - c))
  }
}
