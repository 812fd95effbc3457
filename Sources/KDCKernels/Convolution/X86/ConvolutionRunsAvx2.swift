import KDCProgram
import KDCTargets

/// Integer convolutions with many input channels on x86-64 with AVX2: tiles of `pixels` output pixels by 16 output
/// channels over an image widened to int16 (VPMADDWD: two products a lane, exact).
struct ConvolutionRunsAvx2: KernelFamily {
  let pixels: Int
  /// Weights stay two a byte in memory, as in `ConvolutionRunsNeon`; otherwise they are widened to int16 at load.
  var int4 = false
  var name: String { "conv_runs_\(pixels)x16_\(int4 ? "int4_" : "")avx2" }

  func plan(_ step: ConvolutionStep, in program: Program, on target: Target) throws(Refusal) -> ConvolutionRunsPlan {
    try target.require(.avx2)
    let g = step.geometry
    if int4 { try g.requireInt4(isInt4: program.isInt4(step.weights)) }
    if g.isDepthwise { throw Refusal.depthwise }
    if g.groups > 1, g.outputChannels / g.groups % 16 != 0 {
      throw Refusal("output channels of a group are not a multiple of 16")
    }
    let tiling = ConvolutionTiling(
      pixels: pixels, channels: 16, depth: 2, element: "int16_t", weightElement: int4 ? "int8_t" : nil,
      weightsAreInt4: int4, copy: "kdc_widen_rows", alwaysCopies: true, cacheBytes: target.caches.l1Bytes)
    guard let bands = ConvolutionBands(step, tiling) else { throw Refusal("fewer than \(pixels) output pixels a band") }
    guard bands.imageBytes < 1 << 30 else { throw Refusal.largeImage }
    let panels = Double((g.outputChannels + 15) / 16)
    let runs = ConvolutionRuns(g)
    let weightBytes = panels * Double(runs.count * ((runs.length + 1) / 2)) * (int4 ? 16 : 64)
    return ConvolutionRunsPlan(
      shape: ConvolutionEmission(step), bands: bands, streaming: target.streamingCycles(weightBytes))
  }

  func cycles(_ plan: ConvolutionRunsPlan) -> Double {
    let runs = ConvolutionRuns(plan.bands.g)
    let depth =
      Double(runs.count * ((runs.length + 1) / 2)) * (Double(pixels) * 1.1 + (pixels == 1 ? 0.4 : 0) + (int4 ? 0.5 : 0))
    let panels = Double((plan.bands.g.outputChannels + 15) / 16)
    let work =
      Double(plan.bands.tiles) * panels * (depth + Double(pixels) * 10) + Double(plan.bands.copiedBytes) / 8
    return max(work, plan.streaming)
  }

  func emit(_ plan: ConvolutionRunsPlan) -> KernelCode {
    let (shape, bands) = (plan.shape, plan.bands)
    let g = shape.geometry
    let runs = ConvolutionRuns(g)
    let constants = bands.constants + bands.runConstants(blocks: (runs.length + 1) / 2)
    let epilogue = Avx2Requantization(step: shape.step)
    return KernelCode(
      numbers: constants + shape.requantization,
      body: shape.pointers(workspace: true, weights: int4 ? "int8_t" : "int16_t")
        + bands.loops(around: tile(bands, epilogue)),
      units: bands.units, workspaceBytes: bands.workspaceBytes,
      packings: [
        int4
          ? .halfBytePanels(rows: g.outputChannels, runs: runs.count, length: runs.length, nr: 16, kr: 2)
          : .panels(rows: g.outputChannels, runs: runs.count, length: runs.length, nr: 16, kr: 2, widened: true),
        .plain, .plain,
      ])
  }

  private func tile(_ plan: ConvolutionBands, _ epilogue: Avx2Requantization) -> String {
    let each = "KDC_UNROLL for (int m = 0; m < \(pixels); m++)"
    let load =
      int4
      ? "const __m256i v = kdc_halves_avx2(w), w0 = kdc_low_halves_avx2(v), w1 = kdc_high_halves_avx2(v);"
      : "const __m256i w0 = kdc_load_avx2(w), w1 = kdc_load_avx2(w + 16);"
    let run = """
      for (int32_t k = 0; k < RUN_BLOCKS; k++, w += \(int4 ? 16 : 32)) {
        \(load)
        \(each) {
          const __m256i x = kdc_pair_avx2(a[m] + 2 * k);
          s[m][0] = _mm256_add_epi32(s[m][0], _mm256_madd_epi16(x, w0));
          s[m][1] = _mm256_add_epi32(s[m][1], _mm256_madd_epi16(x, w1));
        }
      }

      """
    let body = plan.overRuns(run, pixels: "\(pixels)")
    let count = plan.g.outputChannels % 16 == 0 ? "16" : "OUT_CHANNELS - n"
    return """
      __m256i s[\(pixels)][2];
      \(each) s[m][0] = kdc_load_avx2(bias + n), s[m][1] = kdc_load_avx2(bias + n + 8);
      const \(int4 ? "int8_t" : "int16_t") *w = panel;
      \(body)\(each) {
        const ptrdiff_t to = at + m * OUT_CHANNELS;
      \(indented(epilogue.text("s[m][0]", "s[m][1]", n: "n", at: "to", count: count), 1))}

      """
  }
}
