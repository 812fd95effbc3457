import KDCDiagnostics
import KDCProgram
import KDCTargets

/// Integer convolutions with many input channels on x86-64 with AVX2: tiles of `pixels` output pixels by 16 output
/// channels over an image widened to int16 (VPMADDWD: two products a lane, exact).
struct ConvolutionRunsAvx2: ConvolutionFamily {
  let pixels: Int
  /// Weights stay two a byte in memory, as in `ConvolutionRunsNeon`; otherwise they are widened to int16 at load.
  var int4 = false
  var name: String { "conv_runs_\(pixels)x16_\(int4 ? "int4_" : "")avx2" }
  private var tiling: ConvolutionTiling {
    ConvolutionTiling(
      pixels: pixels, channels: 16, depth: 2, element: "int16_t", weightElement: int4 ? "int8_t" : nil,
      weightsAreInt4: int4, copy: "kdc_widen_rows", alwaysCopies: true)
  }

  func refusal(of step: any Step, in program: Program, on target: Target) -> String? {
    guard let step = step as? ConvolutionStep else { return "not an integer convolution" }
    guard target.has(.avx2) else { return "the target has no AVX2" }
    let g = step.geometry
    if int4, let reason = g.refusalOfInt4(isInt4: program.isInt4(step.weights)) { return reason }
    if g.isDepthwise { return "a depthwise convolution has one channel a run" }
    if g.groups > 1, g.outputChannels / g.groups % 16 != 0 {
      return "output channels of a group are not a multiple of 16"
    }
    guard let plan = ConvolutionBands(step, tiling) else { return "fewer than \(pixels) output pixels a band" }
    return plan.imageBytes < 1 << 30 ? nil : "the image is too large"
  }

  func cycles(of step: any Step, in program: Program, on target: Target) -> Double {
    guard let step = step as? ConvolutionStep, let plan = ConvolutionBands(step, tiling) else { return .infinity }
    let runs = ConvolutionRuns(step.geometry)
    let depth =
      Double(runs.count * ((runs.length + 1) / 2)) * (Double(pixels) * 1.1 + (pixels == 1 ? 0.4 : 0) + (int4 ? 0.5 : 0))
    let panels = Double((step.geometry.outputChannels + 15) / 16)
    let work = Double(plan.tiles) * panels * (depth + Double(pixels) * 10) + Double(plan.copiedBytes) / 8
    let weightBytes = panels * Double(runs.count * ((runs.length + 1) / 2)) * (int4 ? 16 : 64)
    return max(work, target.streamingCycles(weightBytes))
  }

  func emit(_ step: any Step, in program: Program, on target: Target) throws -> KernelCode {
    let shape = try ConvolutionEmission(step)
    guard let plan = ConvolutionBands(shape.step, tiling) else {
      throw InternalError("\(name) was chosen for a step that it refuses")
    }
    let g = shape.geometry
    let runs = ConvolutionRuns(g)
    let constants = plan.constants + plan.runConstants(blocks: (runs.length + 1) / 2)
    let epilogue = Avx2Requantization(step: shape.step)
    return KernelCode(
      numbers: constants + shape.requantization,
      body: shape.pointers(workspace: true, weights: int4 ? "int8_t" : "int16_t")
        + plan.loops(around: tile(plan, epilogue)),
      helpers: plan.helpers.union(epilogue.helpers).union(int4 ? ["kdc_halves_avx2"] : []), units: plan.units,
      workspaceBytes: plan.workspaceBytes,
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
