import KDCProgram

/// The C of `Requantization` on pairs of AVX2 vectors: 16 channels.
struct Avx2Requantization {
  let step: ConvolutionStep

  /// Requantises the sums `h0`, `h1` (bias included) of the channels from `n` and stores `count` of them at `at`.
  func text(_ h0: String, _ h1: String, n: String, at: String, count: String) -> String {
    func multipliers(_ offset: String) -> String { "kdc_load_avx2(multipliers + \(n)\(offset))" }
    guard step.residual != nil else {
      return "const __m256i m0 = \(multipliers("")), m1 = \(multipliers(" + 8"));\n"
        + "const __m128i values = kdc_requantize_avx2(\(h0), \(h1), m0, m1, PRE_SHIFT, SHIFT, ZERO_POINT, LOW, HIGH);\n"
        + "kdc_store_avx2(output + \(at), values, \(count));\n"
    }
    func high(_ h: String, _ offset: String) -> String {
      "kdc_residual_avx2(kdc_high_avx2(\(h), \(multipliers(offset)), PRE_SHIFT), residual + \(at)\(offset), "
        + "RESIDUAL_ZERO, RESIDUAL_MULTIPLIER)"
    }
    return "const __m256i high0 = \(high(h0, "")), high1 = \(high(h1, " + 8"));\n"
      + "kdc_store_avx2(output + \(at), kdc_finish_avx2(high0, high1, SHIFT, ZERO_POINT, LOW, HIGH), \(count));\n"
  }
}
