import KDCProgram
import KDCTargets

/// Depthwise `FloatConvolutionStep` in vectors of channels: tiles of some pixels of an output row, whose inputs are loaded
/// once for all of them. Channels go in blocks whose rows stay in the first cache. Rows outside the image are read from
/// zeros in the workspace; columns outside it are known when the code is made.
/// Reads up to a vector past a pixel's channels.
struct FloatDepthwiseVectors: KernelFamily {
  let vectors: FloatVectors
  var name: String { "float_depthwise_\(vectors.feature.name)" }
  /// Larger windows would unroll to too much code.
  private static let mostTaps = 49

  func plan(_ step: FloatConvolutionStep, in program: Program, on target: Target) throws(Refusal) -> FloatDepthwisePlan
  {
    try target.require(vectors.feature)
    let g = step.geometry
    guard g.isDepthwise else { throw Refusal("not one output channel for each input channel") }
    guard g.kernelHeight * g.kernelWidth <= Self.mostTaps else { throw Refusal("the window is too large") }
    if step.residual == step.output { throw Refusal("the residual is the output") }
    let plans = (1...8).reversed().filter { $0 <= g.outputWidth }.map {
      FloatDepthwisePlan(step: step, vectors: vectors, columns: $0, cacheBytes: target.caches.l1Bytes)
    }.filter { $0.edges.count <= 4 }
    guard let best = plans.min(by: { $0.cycles < $1.cycles }) else {
      throw Refusal("windows leave the image too often")
    }
    guard g.inputHeight * g.inputWidth * g.inputChannels + best.zeros < 1 << 28 else { throw Refusal.largeImage }
    return best
  }

  func cycles(_ plan: FloatDepthwisePlan) -> Double { plan.cycles }

  func emit(_ plan: FloatDepthwisePlan) -> KernelCode {
    let g = plan.step.geometry
    return KernelCode(
      numbers: plan.numbers, body: plan.body, units: plan.units, workspaceBytes: plan.zeros * 4,
      packings: [
        .floatPanels(groups: 1, depth: g.kernelHeight * g.kernelWidth, rows: g.inputChannels, nr: vectors.lanes),
        .floatPanels(groups: 1, depth: 1, rows: g.inputChannels, nr: vectors.lanes),
      ])
  }
}

struct FloatDepthwisePlan {
  let step: FloatConvolutionStep
  let vectors: FloatVectors
  /// Output pixels of a tile.
  let columns: Int
  let cacheBytes: Int

  private var g: ConvolutionGeometry { step.geometry }
  private var taps: Int { g.kernelHeight * g.kernelWidth }
  /// Input columns under a tile.
  private var cells: Int { (columns - 1) * g.strideX + (g.kernelWidth - 1) * g.dilationX + 1 }
  private var tiles: Int { (g.outputWidth + columns - 1) / columns }
  /// The first column of tile t; the last overlaps the one before.
  private func start(_ t: Int) -> Int { min(t * columns, g.outputWidth - columns) }
  /// Cells of tile t that are inside the image.
  private func inside(_ t: Int) -> Range<Int> {
    let x = start(t) * g.strideX - g.padLeft
    let low = min(max(-x, 0), cells)
    return low..<max(low, min(cells, g.inputWidth - x))
  }
  /// Tiles with cells outside the image.
  var edges: [Int] { (0..<tiles).filter { inside($0) != 0..<cells } }
  private var leavesRows: Bool {
    g.padTop > 0
      || (g.outputHeight - 1) * g.strideY + (g.kernelHeight - 1) * g.dilationY >= g.inputHeight + g.padTop
  }
  /// Floats of zeros that stand for a row outside the image.
  var zeros: Int { leavesRows ? (cells * g.inputChannels + vectors.lanes + 15) / 16 * 16 : 0 }

  private var bandRows: Int { max(1, (g.outputHeight + 7) / 8) }
  var units: Int { (g.outputHeight + bandRows - 1) / bandRows }
  private var allVectors: Int { (g.inputChannels + vectors.lanes - 1) / vectors.lanes }
  private var wholeVectors: Int { g.inputChannels / vectors.lanes }
  /// Vectors of channels whose rows the first cache holds: whole lines of it.
  private var block: Int {
    let rows = (g.kernelHeight - 1) * g.dilationY + 1 + g.strideY
    let channels = max(16, cacheBytes * 3 / 4 / (rows * g.inputWidth * 4) / 16 * 16)
    return min(channels / vectors.lanes, max(1, wholeVectors))
  }

  var cycles: Double {
    let products = Double(columns * taps) * vectors.cycles
    let loads = Double(cells * g.kernelHeight + taps + 1) * vectors.loadCycles
    let tile = max(products, loads, Double(taps) * vectors.latency * 0.8) + Double(columns) * vectors.cycles * 2 + 3
    let blocks = (allVectors + block - 1) / block
    return Double(g.outputHeight * tiles) * (Double(allVectors) * tile + Double(blocks) * 20) + Double(units) * 60
  }
}

extension FloatDepthwisePlan {
  var numbers: [KernelNumber] {
    [
      .fixed("TILE", columns), .fixed("CELLS", cells), .fixed("CHANNELS", g.inputChannels),
      .fixed("K_H", g.kernelHeight),
      .fixed("K_W", g.kernelWidth), .varying("ROWS", bandRows), .varying("BLOCK", block),
      .varying("WHOLE", wholeVectors), .varying("TILES", tiles), .varying("OUT_HEIGHT", g.outputHeight),
      .varying("OUT_WIDTH", g.outputWidth), .varying("IN_HEIGHT", g.inputHeight), .varying("IN_WIDTH", g.inputWidth),
      .varying("STRIDE_Y", g.strideY), .fixed("STRIDE_X", g.strideX), .varying("DILATION_Y", g.dilationY),
      .fixed("DILATION_X", g.dilationX), .varying("TOP", g.padTop), .varying("LEFT", g.padLeft),
    ] + (zeros > 0 ? [.varying("ZEROS", zeros)] : [])
  }

  var body: String {
    let output = step.reads.count
    var text = "  // Tiles of \(columns) pixels by \(vectors.lanes) channels.\n"
    text += "  const float *input = b[0]\(step.residual == nil ? "" : ", *residual = b[1]");\n"
    text += "  float *output = b[\(output)];\n"
    text += "  const float *weights = c[0], *biases = c[1];\n"
    if zeros > 0 { text += "  float *zeros = b[\(output + 1)];\n  kdc_zero_floats(zeros, ZEROS);\n" }
    text += """
        for (int32_t unit = (int32_t)begin; unit < (int32_t)end; unit++) {
          const int32_t y0 = unit * ROWS, y1 = y0 + ROWS < OUT_HEIGHT ? y0 + ROWS : OUT_HEIGHT;

      """
    if wholeVectors > 0 {
      text += """
            for (int32_t v0 = 0; v0 < WHOLE; v0 += BLOCK) {
              const int32_t v1 = v0 + BLOCK < WHOLE ? v0 + BLOCK : WHOLE;
              for (int32_t y = y0; y < y1; y++) {
        \(indented(row(rest: 0), 4))      }
            }

        """
    }
    let rest = g.inputChannels % vectors.lanes
    if rest > 0 {
      text += "    const int32_t v0 = WHOLE;\n    for (int32_t y = y0; y < y1; y++) {\n"
      text += indented(row(rest: rest), 3) + "    }\n"
    }
    return text + indented(secondPass, 2) + "  }"
  }

  /// The tiles of output row y for vectors v0 ..< v1, or for the `rest` channels behind the whole ones.
  private func row(rest: Int) -> String {
    var text = """
      const float *rows[K_H];
      ptrdiff_t step[K_H];
      for (int ky = 0; ky < K_H; ky++) {
        const int32_t iy = y * STRIDE_Y + ky * DILATION_Y - TOP;

      """
    if zeros > 0 {
      text += "  step[ky] = iy >= 0 && iy < IN_HEIGHT ? CHANNELS : 0;\n"
      text +=
        "  rows[ky] = step[ky] ? input + (ptrdiff_t)iy * IN_WIDTH * CHANNELS + v0 * \(vectors.lanes) : zeros;\n}\n"
    } else {
      text += "  step[ky] = CHANNELS;\n"
      text += "  rows[ky] = input + (ptrdiff_t)iy * IN_WIDTH * CHANNELS + v0 * \(vectors.lanes);\n}\n"
    }
    var t = 0
    while t < tiles {
      var end = t + 1
      while end < tiles, inside(end) == inside(t) { end += 1 }
      let last = "OUT_WIDTH - TILE"
      if end == t + 1 {
        let column = start(t)
        text += "{\n  const int32_t ox = \(t == tiles - 1 && t > 0 ? last : "\(column)");\n"
      } else {
        text +=
          "for (int32_t t = \(t); t < \(end == tiles ? "TILES" : end == tiles - 1 ? "TILES - 1" : "\(end)"); t++) {\n"
        text +=
          end == tiles
          ? "  const int32_t ox = t * TILE < \(last) ? t * TILE : \(last);\n" : "  const int32_t ox = t * TILE;\n"
      }
      text += indented(tile(inside(t), rest: rest), 1) + "}\n"
      t = end
    }
    return text
  }

  private func tile(_ cells: Range<Int>, rest: Int) -> String {
    let (lanes, suffix, type) = (vectors.lanes, vectors.suffix, vectors.type)
    let isAll = cells == 0..<self.cells
    let load = "kdc_load_\(suffix)(r[ky] + i * CHANNELS)"
    let cell = isAll ? load : "i >= \(cells.lowerBound) && i < \(cells.upperBound) ? \(load) : kdc_set_\(suffix)(0)"
    let at = "at + i * CHANNELS"
    let sum = step.residual == nil ? "s[i]" : "kdc_add_\(suffix)(s[i], kdc_load_\(suffix)(residual + \(at)))"
    let value = vectors.activated(sum, step.activation) ?? sum
    let store =
      rest > 0
      ? "kdc_store_some_\(suffix)(output + \(at), \(value), \(rest));"
      : "kdc_store_\(suffix)(output + \(at), \(value));"
    return """
      const float *r[K_H];
      KDC_UNROLL for (int ky = 0; ky < K_H; ky++) r[ky] = rows[ky] + (ox * STRIDE_X - LEFT) * step[ky];
      const float *w = weights + (ptrdiff_t)v0 * (K_H * K_W * \(lanes)), *bias = biases + v0 * \(lanes);
      ptrdiff_t at = ((ptrdiff_t)y * OUT_WIDTH + ox) * CHANNELS + v0 * \(lanes);
      \(rest > 0 ? "{" : "for (int32_t v = v0; v < v1; v++) {")
        \(type) s[TILE];
        KDC_UNROLL for (int i = 0; i < TILE; i++) s[i] = kdc_load_\(suffix)(bias);
        KDC_UNROLL for (int ky = 0; ky < K_H; ky++) {
          \(type) q[CELLS];
          KDC_UNROLL for (int i = 0; i < CELLS; i++) q[i] = \(cell);
          KDC_UNROLL for (int kx = 0; kx < K_W; kx++) {
            const \(type) g = kdc_load_\(suffix)(w + (ky * K_W + kx) * \(lanes));
            KDC_UNROLL for (int i = 0; i < TILE; i++)
              s[i] = kdc_fma_\(suffix)(s[i], q[i * STRIDE_X + kx * DILATION_X], g);
          }
        }
        KDC_UNROLL for (int i = 0; i < TILE; i++) \(store)
        KDC_UNROLL for (int ky = 0; ky < K_H; ky++) r[ky] += \(lanes);
        w += K_H * K_W * \(lanes), bias += \(lanes), at += \(lanes);
      }

      """
  }

  private var secondPass: String {
    guard vectors.activated("s", step.activation) == nil else { return "" }
    return """
      KDC_ELEMENTWISE
      for (ptrdiff_t i = (ptrdiff_t)y0 * OUT_WIDTH * CHANNELS; i < (ptrdiff_t)y1 * OUT_WIDTH * CHANNELS; i++) {
        const float v = output[i];
        output[i] = \(CFloatFunction.expression(step.activation, of: "v"));
      }

      """
  }
}
