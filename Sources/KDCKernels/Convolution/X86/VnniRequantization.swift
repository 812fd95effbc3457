import KDCProgram

/// The C of `Requantization` on vectors of int32 sums along the channels, for both widths of VNNI.
struct VnniRequantization {
  let width: VnniWidth
  let step: ConvolutionStep

  private var avx2: Avx2Requantization { Avx2Requantization(step: step) }

  /// What the tiles of a panel share: the starts of the sums, `start[]`, and for 512 bits which lanes are channels.
  /// `n` is the panel's first channel.
  func panel(channels: Int, vectors: Int) -> String {
    if width == .avx {
      return """
        const __m256i start[2] = {_mm256_add_epi32(kdc_load_avx2(bias + n), kdc_load_256(panel)),
                                  _mm256_add_epi32(kdc_load_avx2(bias + n + 8), kdc_load_256(panel + 32))};

        """
    }
    let isWhole = channels % (16 * vectors) == 0
    return """
      __m512i start[VECTORS];
      __m512i m0[VECTORS], m1[VECTORS];  // multipliers of all lanes, of odd lanes
      __mmask16 lanes[VECTORS];
      KDC_UNROLL for (int v = 0; v < VECTORS; v++) {
        lanes[v] = \(isWhole ? "0xFFFF" : "kdc_lanes_512(OUT_CHANNELS - n - 16 * v)");
        start[v] = _mm512_add_epi32(_mm512_maskz_loadu_epi32(lanes[v], bias + n + 16 * v), kdc_load_512(panel + 64 * v));
        m0[v] = _mm512_maskz_loadu_epi32(lanes[v], multipliers + n + 16 * v);
        m1[v] = _mm512_srli_epi64(m0[v], 32);
      }

      """
  }

  /// Requantises `s[m][v]` of TILE pixels and stores them from `at` on.
  func tile(channels: Int, vectors: Int) -> String {
    if width == .avx {
      let count = channels % 16 == 0 ? "16" : "OUT_CHANNELS - n"
      return "KDC_UNROLL for (int m = 0; m < TILE; m++) {\n  const ptrdiff_t to = at + m * OUT_CHANNELS;\n"
        + indented(avx2.text("s[m][0]", "s[m][1]", n: "n", at: "to", count: count), 1) + "}\n"
    }
    return """
      KDC_UNROLL for (int v = 0; v < VECTORS; v++)
        KDC_UNROLL for (int m = 0; m < TILE; m++) {
          const ptrdiff_t to = at + m * OUT_CHANNELS + 16 * v;
          const __m128i values = \(value("s[m][v]", "m0[v]", "m1[v]", at: "to", lanes: "lanes[v]"));
          _mm_mask_storeu_epi8(output + to, lanes[v], values);
        }

      """
  }

  /// 16 bytes of 16 sums.
  private func value(_ sums: String, _ m0: String, _ m1: String, at: String, lanes: String) -> String {
    let numbers = "PRE_SHIFT, SHIFT, ZERO_POINT, LOW, HIGH"
    guard step.residual != nil else { return "kdc_requantize_512(\(sums), \(m0), \(m1), \(numbers))" }
    return "kdc_requantize_residual_512(\(sums), \(m0), \(m1), _mm_maskz_loadu_epi8(\(lanes), residual + \(at)), "
      + "RESIDUAL_ZERO, RESIDUAL_MULTIPLIER, \(numbers))"
  }
}
