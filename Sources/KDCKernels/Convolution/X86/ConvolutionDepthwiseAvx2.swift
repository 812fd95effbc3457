import KDCProgram
import KDCTargets

/// Depthwise convolution on x86-64 with AVX2: 16 channels of one output pixel at a time over rows widened to int16,
/// pairs of taps by VPMADDWD.
struct ConvolutionDepthwiseAvx2: KernelFamily {
  let name = "conv_depthwise_avx2"

  func plan(_ step: ConvolutionStep, in program: Program, on target: Target) throws(Refusal) -> DepthwiseRows {
    try target.require(.avx2)
    if step.geometry.kernelHeight * step.geometry.kernelWidth > 64 {
      throw Refusal("the window has more than 64 taps")
    }
    return try DepthwiseRows(step, copy: "kdc_widen_rows")
  }

  func cycles(_ rows: DepthwiseRows) -> Double {
    let g = rows.g
    let blocks = Double(g.outputHeight * g.outputWidth * ((g.inputChannels + 15) / 16))
    return blocks * (Double(g.kernelHeight * g.kernelWidth) * 1.5 + 12) + Double(rows.copiedBytes) / 8
  }

  func emit(_ rows: DepthwiseRows) -> KernelCode {
    let shape = ConvolutionEmission(rows.step)
    let g = shape.geometry
    let taps = g.kernelHeight * g.kernelWidth
    let lanes = (g.inputChannels + 15) / 16 * 16
    let constants =
      rows.constants + [
        .fixed("TAPS", taps), .varying("LANES", lanes), .varying("TAP_STEP", g.dilationX * g.inputChannels),
      ]
    let epilogue = Avx2Requantization(step: shape.step)
    return KernelCode(
      numbers: constants + shape.requantization,
      body: shape.pointers(workspace: true, weights: "int16_t") + rows.loops(around: row(g, taps, epilogue)),
      units: rows.units, workspaceBytes: rows.workspaceBytes,
      packings: [
        .panels(rows: g.inputChannels, runs: taps, length: 1, nr: lanes, kr: 1, widened: true), .plain, .plain,
      ])
  }

  private func row(_ g: ConvolutionGeometry, _ taps: Int, _ epilogue: Avx2Requantization) -> String {
    func place(_ tap: Int) -> String {
      "row[\(tap / g.kernelWidth)] + x * STEP + \(tap % g.kernelWidth) * TAP_STEP + n"
    }
    var sums = ""
    for tap in stride(from: 0, to: taps, by: 2) {
      let paired = tap + 1 < taps
      sums += "{\n  const __m256i a0 = kdc_load_avx2(\(place(tap))), w0 = kdc_load_avx2(w + \(tap) * LANES);\n"
      sums +=
        paired
        ? "  const __m256i a1 = kdc_load_avx2(\(place(tap + 1))), w1 = kdc_load_avx2(w + \(tap + 1) * LANES);\n"
        : "  const __m256i a1 = _mm256_setzero_si256(), w1 = a1;\n"
      for (sum, half) in [("low", "lo"), ("high", "hi")] {
        let pair = "_mm256_madd_epi16(_mm256_unpack\(half)_epi16(a0, a1), _mm256_unpack\(half)_epi16(w0, w1))"
        sums += "  \(sum) = _mm256_add_epi32(\(sum), \(pair));\n"
      }
      sums += "}\n"
    }
    let small = g.inputChannels < 16
    let pixel = """
      __m256i low = _mm256_setzero_si256(), high = low;  // channels 0–3, 8–11 and 4–7, 12–15
      \(sums)const __m256i s0 = _mm256_add_epi32(_mm256_permute2x128_si256(low, high, 0x20), kdc_load_avx2(bias + n));
      const __m256i s1 = _mm256_add_epi32(_mm256_permute2x128_si256(low, high, 0x31), kdc_load_avx2(bias + n + 8));
      const ptrdiff_t to = row_at + x * CHANNELS + n;
      \(epilogue.text("s0", "s1", n: "n", at: "to", count: small ? "CHANNELS" : "16"))
      """
    return "for (int32_t block = 0; block < CHANNELS; block += 16) {\n"
      + (small
        ? "  const int32_t n = block;\n"
        : "  const int32_t n = block < CHANNELS - 16 ? block : CHANNELS - 16;  // the last block overlaps\n")
      + "  const int16_t *w = weights + n;\n  for (int32_t x = 0; x < OUT_WIDTH; x++) {\n" + indented(pixel, 2)
      + "  }\n}\n"
  }
}
