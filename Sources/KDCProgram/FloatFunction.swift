/// A float32 function of one value with a fixed sequence of roundings: `FloatMath` here and the emitted C give the
/// same bits. `a` and `b` are the parameters.
package struct FloatFunction: Hashable, Sendable, Codable {
  package enum Kind: String, Sendable, Codable, CaseIterable {
    /// x; max(x, 0); clamp to [a, b]; x < 0 ? a·x : x
    case identity, relu, clip, leakyRelu
    /// 1/(1+exp(−x)); tanh; x·clamp(x·(1/6) + 1/2, 0, 1); clamp(a·x + b, 0, 1); x·sigmoid(x)
    case sigmoid, tanh, hardSwish, hardSigmoid, silu
    /// x ≥ 0 ? x : a·(exp(x) − 1); log(1 + exp(x)); exact Gelu by erf
    case elu, softplus, gelu
    case exp, log, sqrt, reciprocal, negate, abs, erf, floor, ceil, round, square, sign
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
    case .relu: x > 0 ? x : 0
    case .clip: clamp(x, a, b)
    case .leakyRelu: x < 0 ? a * x : x
    case .sigmoid: FloatMath.sigmoid(x)
    case .tanh: FloatMath.tanh(x)
    case .hardSwish: x * clamp(x * 0.16666667 + 0.5, 0, 1)
    case .hardSigmoid: clamp(a * x + b, 0, 1)
    case .silu: x * FloatMath.sigmoid(x)
    case .elu: x >= 0 ? x : a * (FloatMath.exp(x) - 1)
    case .softplus: FloatMath.softplus(x)
    case .gelu: (0.5 * x) * (1 + FloatMath.erf(x * 0.70710678))
    case .exp: FloatMath.exp(x)
    case .log: FloatMath.log(x)
    case .sqrt: x.squareRoot()
    case .reciprocal: 1 / x
    case .negate: -x
    case .abs: x.magnitude
    case .erf: FloatMath.erf(x)
    case .floor: x.rounded(.down)
    case .ceil: x.rounded(.up)
    case .round: x.rounded(.toNearestOrEven)
    case .square: x * x
    case .sign: x > 0 ? 1 : x < 0 ? -1 : 0
    }
  }

  /// low unless x > low, then high unless that is < high: NaN gives low.
  @inline(__always)
  private func clamp(_ x: Float, _ low: Float, _ high: Float) -> Float {
    let t = x > low ? x : low
    return t < high ? t : high
  }
}
