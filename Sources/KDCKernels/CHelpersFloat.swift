import KDCProgram

extension CHelpers {
  /// `FloatMath` in C: the same operations in the same order, branches written as selections so that loops vectorise.
  static let float: [CHelper] = [
    CHelper(
      "kdc_bits",
      """
      static inline float kdc_from_bits(uint32_t bits) {
        union { uint32_t u; float f; } x = {bits};
        return x.f;
      }
      static inline uint32_t kdc_to_bits(float value) {
        union { float f; uint32_t u; } x = {value};
        return x.u;
      }
      """),
    CHelper(
      "kdc_expf", uses: ["kdc_bits"],
      """
      static inline float kdc_expf(float value) {
        float x = value > -87.33f ? value : -87.33f;
        x = x < 88.37f ? x : 88.37f;
        const float n = __builtin_roundevenf(x * 1.4426950408889634f);
        const float r = (x - n * 0.693359375f) - n * -2.12194440e-4f;
        float p = 1.9875691500e-4f;
        p = p * r + 1.3981999507e-3f;
        p = p * r + 8.3334519073e-3f;
        p = p * r + 4.1665795894e-2f;
        p = p * r + 1.6666665459e-1f;
        p = p * r + 5.0000001201e-1f;
        p = p * (r * r);
        p = (p + r) + 1.0f;
        return p * kdc_from_bits((uint32_t)((int32_t)n + 127) << 23);
      }
      """),
    CHelper(
      "kdc_sigmoidf", uses: ["kdc_expf"],
      """
      static inline float kdc_sigmoidf(float x) { return 1.0f / (1.0f + kdc_expf(-x)); }
      """),
    CHelper(
      "kdc_tanhf", uses: ["kdc_expf"],
      """
      static inline float kdc_tanhf(float x) {
        const float magnitude = x < 0.0f ? -x : x;
        const float s = x * x;
        float p = -5.70498872745e-3f;
        p = p * s + 2.06390887954e-2f;
        p = p * s + -5.37397155531e-2f;
        p = p * s + 1.33314422036e-1f;
        p = p * s + -3.33332819422e-1f;
        p = p * s;
        p = p * x + x;
        const float t = 1.0f - 2.0f / (kdc_expf(2.0f * magnitude) + 1.0f);
        return magnitude < 0.625f ? p : x < 0.0f ? -t : t;
      }
      """),
    CHelper(
      "kdc_logf", uses: ["kdc_bits"],
      """
      static inline float kdc_logf(float value) {
        const int tiny = value < 1.1754944e-38f;
        const float x = tiny ? value * 8388608.0f : value;
        const uint32_t bits = kdc_to_bits(x);
        int32_t e = (int32_t)(bits >> 23) - (tiny ? 149 : 126);
        float m = kdc_from_bits((bits & 0x007fffffu) | 0x3f000000u);
        const int low = m < 0.70710678f;
        e = low ? e - 1 : e;
        m = low ? m + m : m;
        m = m - 1.0f;
        const float z = m * m;
        float p = 7.0376836292e-2f;
        p = p * m + -1.1514610310e-1f;
        p = p * m + 1.1676998740e-1f;
        p = p * m + -1.2420140846e-1f;
        p = p * m + 1.4249322787e-1f;
        p = p * m + -1.6668057665e-1f;
        p = p * m + 2.0000714765e-1f;
        p = p * m + -2.4999993993e-1f;
        p = p * m + 3.3333331174e-1f;
        p = p * m;
        p = p * z;
        const float n = (float)e;
        p = p + n * -2.12194440e-4f;
        p = p + z * -0.5f;
        const float y = (m + p) + n * 0.693359375f;
        return !(value >= 0.0f) ? kdc_from_bits(0x7fc00000u)
               : value == 0.0f ? -__builtin_inff()
               : value > 3.4028235e38f ? value : y;
      }
      """),
    CHelper(
      "kdc_erff", uses: ["kdc_expf"],
      """
      static inline float kdc_erff(float x) {
        const float magnitude = x < 0.0f ? -x : x;
        const float s = x * x;
        float p = 7.853861353153693e-5f;
        p = p * s + -8.010193625184903e-4f;
        p = p * s + 5.188327685732524e-3f;
        p = p * s + -2.685381193529856e-2f;
        p = p * s + 1.128358514861418e-1f;
        p = p * s + -3.761262582423300e-1f;
        p = p * s + 1.128379165726710f;
        const float inner = x * p;
        const float q = 1.0f / magnitude;
        const float y = q * q;
        float u = 2.326819970068386e-2f;
        u = u * y + -1.387039388740657e-1f;
        u = u * y + 3.687424674597105e-1f;
        u = u * y + -5.824733027278666e-1f;
        u = u * y + 6.210004621745983e-1f;
        u = u * y + -4.944515323274145e-1f;
        u = u * y + 3.404879937665872e-1f;
        u = u * y + -2.741127028184656e-1f;
        u = u * y + 5.638259427386472e-1f;
        float v = -1.047766399936249e+1f;
        v = v * y + 1.297719955372516e+1f;
        v = v * y + -7.495518717768503f;
        v = v * y + 2.921019019210786f;
        v = v * y + -1.015265279202700f;
        v = v * y + 4.218463358204948e-1f;
        v = v * y + -2.820767439740514e-1f;
        v = v * y + 5.641895067754075e-1f;
        float t = 1.0f - (kdc_expf(-(magnitude * magnitude)) * q) * (magnitude < 2.0f ? u : v);
        t = magnitude >= 4.0f ? 1.0f : t;
        return magnitude < 1.0f ? inner : x < 0.0f ? -t : t;
      }
      """),
    CHelper(
      "kdc_softplusf", uses: ["kdc_expf", "kdc_logf"],
      """
      static inline float kdc_softplusf(float x) {
        const float magnitude = x < 0.0f ? -x : x;
        return (x > 0.0f ? x : 0.0f) + kdc_logf(1.0f + kdc_expf(-magnitude));
      }
      """),
    CHelper(
      "kdc_powerf", uses: ["kdc_expf", "kdc_logf", "kdc_bits"],
      """
      static inline float kdc_powerf(float a, float b) {
        const float y = kdc_expf(b * kdc_logf(a));
        return !(a >= 0.0f) ? kdc_from_bits(0x7fc00000u)
               : a == 0.0f ? (b > 0.0f ? 0.0f : b < 0.0f ? __builtin_inff() : 1.0f) : y;
      }
      """),
    CHelper(
      "kdc_clampf",
      """
      // low unless x > low, then high unless that is < high: NaN gives low.
      static inline float kdc_clampf(float x, float low, float high) {
        const float t = x > low ? x : low;
        return t < high ? t : high;
      }
      """),
    CHelper(
      "kdc_clamp",
      """
      static inline int8_t kdc_clamp(int8_t q, int8_t low, int8_t high) { return q < low ? low : q > high ? high : q; }
      """),
    CHelper(
      "kdc_quantize",
      """
      static inline int8_t kdc_quantize(float x, float inverse_scale, int zero_point) {
        float t = x * inverse_scale;
        t = t > -512.0f ? t : -512.0f;
        t = t > 511.0f ? 511.0f : t;
        const int32_t q = (int32_t)__builtin_roundevenf(t) + zero_point;
        return (int8_t)(q < -128 ? -128 : q > 127 ? 127 : q);
      }
      """),
  ]

  /// What loops over elements say to clang.
  static let loops: [CHelper] = [
    CHelper(
      "KDC_ELEMENTWISE",
      """
      // A loop whose turn i reads and writes only element i of each tensor: it may run in place, so the pointers are not
      // restrict, and still needs no test for overlap before it is vectorised.
      #pragma clang diagnostic ignored "-Wpass-failed"
      #define KDC_ELEMENTWISE _Pragma("clang loop vectorize(assume_safety)")
      """)
  ]
}

/// `FloatFunction.apply` as a C expression of a variable.
enum CFloatFunction {
  static func expression(_ function: FloatFunction, of x: String) -> (text: String, helpers: Set<String>) {
    let a = CText.literal(function.a)
    let b = CText.literal(function.b)
    return switch function.kind {
    case .identity: (x, [])
    case .relu: ("\(x) > 0.0f ? \(x) : 0.0f", [])
    case .clip: ("kdc_clampf(\(x), \(a), \(b))", ["kdc_clampf"])
    case .leakyRelu: ("\(x) < 0.0f ? \(a) * \(x) : \(x)", [])
    case .sigmoid: ("kdc_sigmoidf(\(x))", ["kdc_sigmoidf"])
    case .tanh: ("kdc_tanhf(\(x))", ["kdc_tanhf"])
    case .hardSwish: ("\(x) * kdc_clampf(\(x) * 0.16666667f + 0.5f, 0.0f, 1.0f)", ["kdc_clampf"])
    case .hardSigmoid: ("kdc_clampf(\(a) * \(x) + \(b), 0.0f, 1.0f)", ["kdc_clampf"])
    case .silu: ("\(x) * kdc_sigmoidf(\(x))", ["kdc_sigmoidf"])
    case .elu: ("\(x) >= 0.0f ? \(x) : \(a) * (kdc_expf(\(x)) - 1.0f)", ["kdc_expf"])
    case .softplus: ("kdc_softplusf(\(x))", ["kdc_softplusf"])
    case .gelu: ("(0.5f * \(x)) * (1.0f + kdc_erff(\(x) * 0.70710678f))", ["kdc_erff"])
    case .exp: ("kdc_expf(\(x))", ["kdc_expf"])
    case .log: ("kdc_logf(\(x))", ["kdc_logf"])
    case .sqrt: ("__builtin_sqrtf(\(x))", [])
    case .reciprocal: ("1.0f / \(x)", [])
    case .negate: ("-\(x)", [])
    case .abs: ("__builtin_fabsf(\(x))", [])
    case .erf: ("kdc_erff(\(x))", ["kdc_erff"])
    case .floor: ("__builtin_floorf(\(x))", [])
    case .ceil: ("__builtin_ceilf(\(x))", [])
    case .round: ("__builtin_roundevenf(\(x))", [])
    case .square: ("\(x) * \(x)", [])
    case .sign: ("\(x) > 0.0f ? 1.0f : \(x) < 0.0f ? -1.0f : 0.0f", [])
    }
  }
}
