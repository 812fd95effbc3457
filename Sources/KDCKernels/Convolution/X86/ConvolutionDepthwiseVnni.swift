import KDCProgram
import KDCTargets

/// Depthwise convolution on x86-64 with VNNI: 16 channels of one or two output pixels at a time.
///
/// Each input row is copied once as quads: four neighbouring columns of a channel are the four bytes of a lane. One
/// multiplication then does four columns of the window. At stride 1 a quad serves two pixels: the second one's weights
/// are those of the first, moved by a column. Reads up to 15 bytes past a pixel.
struct ConvolutionDepthwiseVnni: KernelFamily {
  let width: VnniWidth
  var name: String { "conv_depthwise_\(width.feature.name)" }

  func plan(_ step: ConvolutionStep, in program: Program, on target: Target) throws(Refusal) -> DepthwiseRows {
    try target.require(width.feature)
    let g = step.geometry
    if g.dilationX > 1 { throw Refusal("dilated columns are not neighbours") }
    if g.strideX > 2 { throw Refusal("a stride of more than 2 columns") }
    // Moving the weights of a full last quad would need another one.
    if g.kernelWidth > 7 || g.kernelWidth % 4 == 0 || g.kernelHeight > 7 {
      throw Refusal("a window other than 1 to 7, not 4, wide")
    }
    return try DepthwiseRows(step, copy: "kdc_quads_row")
  }

  func cycles(_ rows: DepthwiseRows) -> Double {
    let g = rows.g
    let blocks = Double((g.inputChannels + 15) / 16)
    let multiplications = Double(g.kernelHeight * quadsInWindow(g)) * 1.6
    let copies = Double(rows.units * ((rows.bandRows - 1) * g.strideY + g.kernelHeight) * rows.quads) * blocks * 5
    return Double(g.outputHeight * g.outputWidth) * blocks * (multiplications + 7) * width.cycles * 16
      / Double(width.lanes) + copies
  }

  private func quadsInWindow(_ g: ConvolutionGeometry) -> Int { (g.kernelWidth + 3) / 4 }

  func emit(_ rows: DepthwiseRows) -> KernelCode {
    let shape = ConvolutionEmission(rows.step)
    let g = shape.geometry
    let taps = g.kernelHeight * quadsInWindow(g)
    let constants =
      rows.constants + [
        .fixed("TAPS", taps), .varying("BLOCK_STEP", rows.quads * 64), .varying("PANEL_BYTES", 64 + 64 * taps),
        .varying("OUT_CHANNELS", g.outputChannels), .fixed("TILE", 1), .fixed("VECTORS", 16 / width.lanes),
      ]
    let epilogue = VnniRequantization(width: width, step: shape.step)
    return KernelCode(
      numbers: constants + shape.requantization,
      body: shape.pointers(workspace: true) + rows.loops(around: row(g, epilogue)),
      units: rows.units, workspaceBytes: rows.workspaceBytes,
      packings: [
        .offsetPanels(rows: g.inputChannels, runs: g.kernelHeight, length: g.kernelWidth, nr: 16, kr: 4), .plain,
        .plain,
      ])
  }

  /// One row of output pixels, block of channels by block. Expects `row[ky]`, the quads of the window's rows.
  private func row(_ g: ConvolutionGeometry, _ epilogue: VnniRequantization) -> String {
    let (bits, v) = (width.bits, width.vector)
    let perRow = quadsInWindow(g)
    let isPaired = g.strideX == 1 && g.outputWidth > 1
    var body = """
      const int32_t n = 16 * block;
      const int8_t *panel = weights + (ptrdiff_t)block * PANEL_BYTES;
      \(epilogue.panel(channels: g.outputChannels, vectors: 1))\(v) even[TAPS][VECTORS];
      KDC_UNROLL for (int t = 0; t < TAPS; t++)
        KDC_UNROLL for (int v = 0; v < VECTORS; v++) even[t][v] = kdc_load_\(bits)(panel + 64 + 64 * t + \(bits / 8) * v);

      """
    if isPaired {
      body += """
        \(v) odd[TAPS][VECTORS];  // the same a column further on
        KDC_UNROLL for (int t = 0; t < TAPS; t++)
          KDC_UNROLL for (int v = 0; v < VECTORS; v++) odd[t][v] = _mm\(bits)_slli_epi32(even[t][v], 8);

        """
      if perRow > 1 {
        body += """
          KDC_UNROLL for (int t = 1; t < TAPS; t += 2)
            KDC_UNROLL for (int v = 0; v < VECTORS; v++)
              odd[t][v] = \(or("odd[t][v]", "_mm\(bits)_srli_epi32(even[t - 1][v], 24)"));

          """
      }
    }
    let pixel = epilogue.tile(channels: g.outputChannels, vectors: 1)
    func sums(_ weights: String) -> String {
      var text = "\(v) s[TILE][VECTORS];\n"
      text += "KDC_UNROLL for (int v = 0; v < VECTORS; v++) s[0][v] = start[v];\n"
      text += "KDC_UNROLL for (int t = 0; t < TAPS; t++)\n"
      text += "  KDC_UNROLL for (int v = 0; v < VECTORS; v++)\n"
      let quad = perRow == 1 ? "row[t] + quad" : "row[t / \(perRow)] + quad + t % \(perRow) * 128"
      return text
        + "    s[0][v] = kdc_dot_\(bits)(s[0][v], kdc_load_\(bits)(\(quad) + \(bits / 8) * v), \(weights)[t][v]);\n"
    }
    let step = isPaired ? 2 : 1
    body += "for (int32_t x = 0; x < OUT_WIDTH; x += \(step)) {\n"
    body += "  const ptrdiff_t quad = (ptrdiff_t)block * BLOCK_STEP + \(isPaired ? "32" : "64") * x;\n"
    body +=
      "  {\n    const ptrdiff_t at = row_at + x * OUT_CHANNELS + n;\n" + indented(sums("even") + pixel, 2) + "  }\n"
    if isPaired {
      body += g.outputWidth % 2 == 0 ? "  {\n" : "  if (x + 1 < OUT_WIDTH) {\n"
      body +=
        "    const ptrdiff_t at = row_at + (x + 1) * OUT_CHANNELS + n;\n" + indented(sums("odd") + pixel, 2) + "  }\n"
    }
    body += "}\n"
    return "for (int32_t block = 0; block * 16 < CHANNELS; block++) {\n"
      + indented(body, 1)
      + "}\n"
  }

  private func or(_ a: String, _ b: String) -> String { "_mm\(width.bits)_or_si\(width.bits)(\(a), \(b))" }
}
