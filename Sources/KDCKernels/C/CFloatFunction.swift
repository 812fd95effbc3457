import KDCProgram

/// `FloatFunction.apply` as a C expression of a variable.
enum CFloatFunction {
  static func expression(_ function: FloatFunction, of x: String) -> String {
    let a = CText.literal(function.a)
    let b = CText.literal(function.b)
    return switch function.kind {
    case .identity: x
    case .relu: "\(x) <= 0.0f ? 0.0f : \(x)"
    case .clip: "kdc_clampf(\(x), \(CText.literal(function.a + 0)), \(CText.literal(function.b + 0)))"
    case .leakyRelu: "\(x) < 0.0f ? \(a) * \(x) : \(x)"
    case .sigmoid: "kdc_sigmoidf(\(x))"
    case .tanh: "kdc_tanhf(\(x))"
    case .hardSwish: number("\(x) * kdc_clampf(\(x) * 0.16666667f + 0.5f, 0.0f, 1.0f)")
    case .hardSigmoid: "kdc_clampf(\(a) * \(x) + \(b), 0.0f, 1.0f)"
    case .silu: number("\(x) * kdc_sigmoidf(\(x))")
    case .elu: "\(x) >= 0.0f ? \(x) : \(a) * kdc_expm1f(\(x))"
    case .softplus: "kdc_softplusf(\(x))"
    case .gelu: "kdc_geluf(\(x))"
    case .geluTanh:
      number("\(x) * kdc_sigmoidf(1.5957691f * (\(x) + ((0.044715f * \(x)) * \(x)) * \(x)))")
    case .quickGelu: number("\(x) * kdc_sigmoidf(\(a) * \(x))")
    case .mish: number("\(x) * kdc_tanhf(kdc_softplusf(\(x)))")
    case .softsign: number("\(x) / (1.0f + __builtin_fabsf(\(x)))")
    case .celu: "\(x) >= 0.0f ? \(x) : \(a) * kdc_expm1f(\(x) / \(a))"
    case .shrink:
      "\(x) < \(CText.literal(-function.a)) ? \(x) + \(b) : \(x) > \(a) ? \(x) - \(b) : \(x) == \(x) ? 0.0f : \(x)"
    case .thresholdedRelu: "\(x) <= \(a) ? 0.0f : \(x)"
    case .exp: "kdc_expf(\(x))"
    case .log: "kdc_logf(\(x))"
    case .sqrt: number("__builtin_sqrtf(\(x))")
    case .reciprocal: "1.0f / \(x)"
    case .negate: "-\(x)"
    case .abs: "__builtin_fabsf(\(x))"
    case .erf: "kdc_erff(\(x))"
    case .floor: "__builtin_floorf(\(x))"
    case .ceil: "__builtin_ceilf(\(x))"
    case .round: "__builtin_roundevenf(\(x))"
    case .square: "\(x) * \(x)"
    case .sign: "\(x) > 0.0f ? 1.0f : \(x) < 0.0f ? -1.0f : \(x) == 0.0f ? 0.0f : \(x)"
    case .sin, .cos, .tan, .asin, .acos, .atan, .sinh, .cosh, .asinh, .acosh, .atanh:
      "kdc_\(function.kind.rawValue)f(\(x))"
    }
  }

  /// An expression that can make NaN of numbers.
  private static func number(_ text: String) -> String { "kdc_number(\(text))" }
}
