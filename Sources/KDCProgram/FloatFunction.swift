/// A float32 function of one value with a fixed sequence of roundings: `FloatMath` here and the emitted C give the
/// same bits. `a` and `b` are the parameters.
package struct FloatFunction: Hashable, Sendable, Codable {
  package enum Kind: String, Sendable, Codable, CaseIterable {
    /// x; max(x, 0); clamp to [a, b]; x < 0 ? a·x : x
    case identity, relu, clip, leakyRelu
    /// 1/(1+exp(−x)); tanh; x·hardSigmoid(x; 1/6, 1/2); clamp(a·x + b, 0, 1); x·sigmoid(x)
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
