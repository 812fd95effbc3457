import KDCProgram
import KDCTargets

/// `FloatConvolutionStep` in vectors: tiles of some output pixels by some vectors of output channels, whose sums stay in
/// registers, over weights in panels of the tile's channels. The tile is chosen by the shape. Where windows leave the image, each
/// unit first copies its band of rows, with zeros around them, into the workspace.
/// Reads up to 3 floats past a run and up to a vector past the residual.
struct FloatConvolutionVectors: KernelFamily {
  let vectors: FloatVectors
  var name: String { "float_convolution_\(vectors.feature.name)" }

  func plan(_ step: FloatConvolutionStep, in program: Program, on target: Target) throws(Refusal)
    -> FloatConvolutionPlan
  {
    try target.require(vectors.feature)
    let g = step.geometry
    if g.isDepthwise { throw Refusal("a depthwise convolution has one factor a sum") }
    if step.residual == step.output { throw Refusal("the residual is the output") }
    let all = FloatTile.all(vectors, rows: g.outputHeight * g.outputWidth).compactMap {
      FloatBands(g, $0, target.caches)
    }
    // Of equals the first.
    guard let best = all.min(by: { $0.cycles < $1.cycles }) else { throw Refusal("no tile fits the image") }
    guard best.reach < 1 << 28 else { throw Refusal.largeImage }
    let bytes = Double(g.outputChannels * g.kernelHeight * g.kernelWidth * (g.inputChannels / g.groups) * 4)
    return FloatConvolutionPlan(step: step, bands: best, streaming: target.streamingCycles(bytes))
  }

  func cycles(_ plan: FloatConvolutionPlan) -> Double { max(plan.bands.cycles, plan.streaming) }

  func emit(_ plan: FloatConvolutionPlan) -> KernelCode {
    let (g, tile) = (plan.step.geometry, plan.bands.tile)
    let outputs = g.outputChannels / g.groups
    return KernelCode(
      numbers: plan.numbers, body: plan.body, units: plan.bands.units, workspaceBytes: plan.bands.workspaceBytes,
      packings: [
        .floatPanels(groups: g.groups, depth: plan.bands.depth, rows: outputs, nr: tile.width),
        .floatPanels(groups: g.groups, depth: 1, rows: outputs, nr: tile.width),
      ])
  }
}

struct FloatConvolutionPlan {
  let step: FloatConvolutionStep
  let bands: FloatBands
  /// The least cycles that it takes to read the weights.
  let streaming: Double

  private var g: ConvolutionGeometry { step.geometry }
  private var tile: FloatTile { bands.tile }
  private var groupOutputs: Int { g.outputChannels / g.groups }
  /// Channels of a group's last panel where it is not whole, else 0.
  private var rest: Int { groupOutputs % tile.width }
}

extension FloatConvolutionPlan {
  var numbers: [KernelNumber] {
    var list: [KernelNumber] = [
      .fixed("TILE", tile.rows), .fixed("VECTORS", tile.count), .fixed("PANEL", tile.width),
      .varying("PIXELS", bands.pixels), .varying("IN_CHANNELS", g.inputChannels),
      .varying("OUT_CHANNELS", g.outputChannels), .varying("BANDS", bands.bands), .varying("BAND", bands.bandPixels),
      .varying("SPLITS", bands.splits), .varying("SPLIT", bands.splitPanels), .varying("PANELS", bands.panels),
      .varying("DEPTH", bands.depth), .varying("RUN", bands.runs.length),
    ]
    if g.groups > 1 {
      list += [
        .varying("GROUP_PANELS", bands.groupPanels), .varying("GROUP_IN", g.inputChannels / g.groups),
        .varying("GROUP_OUT", groupOutputs),
      ]
    }
    if bands.runs.rows > 1 {
      list += [.varying("RUN_ROWS", bands.runs.rows), .varying("ROW", g.dilationY * bands.pitch)]
    }
    if bands.runs.columns > 1 {
      list += [.varying("RUN_COLUMNS", bands.runs.columns), .varying("COLUMN", g.dilationX * g.inputChannels)]
    }
    if !bands.isDense {
      list += [
        .most("OFFSETS", bands.bandPixels + tile.rows), .varying("OUT_WIDTH", g.outputWidth),
        .varying("ROW_STEP", g.strideY * bands.pitch), .varying("COLUMN_STEP", g.strideX * g.inputChannels),
      ]
    }
    if bands.isPadded {
      let (row, left) = (g.inputWidth * g.inputChannels, min(g.padLeft * g.inputChannels, bands.pitch))
      list += [
        .varying("IN_HEIGHT", g.inputHeight), .varying("IN_ROW", row),
        .varying("COPIED", min(row, bands.pitch - left)),
        .varying("LEFT", left), .varying("PITCH", bands.pitch),
        .varying("COPY_ROWS", (bands.bandRows - 1) * g.strideY + (g.kernelHeight - 1) * g.dilationY + 1),
        .varying("BAND_STEP", bands.bandRows * g.strideY), .varying("TOP", g.padTop),
      ]
    }
    return list
  }

  var body: String {
    let output = step.reads.count
    var text = "  // Tiles of \(tile.rows) pixels by \(tile.width) channels.\n"
    text += "  const float *input = b[0]\(step.residual == nil ? "" : ", *residual = b[1]");\n"
    text += "  float *output = b[\(output)];\n"
    if bands.isPadded { text += "  float *slice = b[\(output + 1)];\n" }
    text += "  const float *weights = c[0], *bias = c[1];\n"
    text += "  for (int32_t unit = (int32_t)begin; unit < (int32_t)end; unit++) {\n" + indented(unit, 2) + "  }"
    return text
  }

  private var unit: String {
    var text = """
      const int32_t band = unit / SPLITS;
      const int32_t first = band * BAND, count = band < BANDS - 1 ? BAND : PIXELS - first;
      const int32_t p0 = unit % SPLITS * SPLIT, p1 = p0 + SPLIT < PANELS ? p0 + SPLIT : PANELS;

      """
    if bands.isPadded {
      text += """
        if (unit == (int32_t)begin || p0 == 0)
          kdc_pad_floats(slice, input, band * BAND_STEP - TOP, COPY_ROWS, IN_HEIGHT, IN_ROW, COPIED, LEFT, PITCH);
        const float *image = slice;

        """
    } else {
      text += "const float *image = input\(bands.isDense ? " + (ptrdiff_t)first * IN_CHANNELS" : "");\n"
    }
    if !bands.isDense {
      let start = bands.isPadded ? "y = 0, x = 0" : "y = first / OUT_WIDTH, x = first % OUT_WIDTH"
      text += """
        int32_t offset[OFFSETS];
        for (int32_t i = 0, \(start); i < count; i++) {
          offset[i] = y * ROW_STEP + x * COLUMN_STEP;
          if (++x == OUT_WIDTH) x = 0, y++;
        }

        """
    }
    text += "for (int32_t p = p0; p < p1; p++) {\n" + indented(panel, 1) + "}\n"
    return text + secondPass
  }

  /// Of panel `p`, the first output channel, as C.
  private func channel(_ p: String) -> String {
    g.groups > 1 ? "\(p) / GROUP_PANELS * GROUP_OUT + \(p) % GROUP_PANELS * PANEL" : "\(p) * PANEL"
  }

  private var panel: String {
    let (type, suffix, lanes) = (tile.vectors.type, tile.vectors.suffix, tile.vectors.lanes)
    var text = """
      const int32_t n = \(channel("p"));
      const float *panel = weights + (ptrdiff_t)p * (DEPTH * PANEL);
      \(type) start[VECTORS];
      KDC_UNROLL for (int v = 0; v < VECTORS; v++) start[v] = kdc_load_\(suffix)(bias + p * PANEL + \(lanes) * v);

      """
    if g.groups > 1 { text += "const float *group = image + p / GROUP_PANELS * GROUP_IN;\n" }
    let base = g.groups > 1 ? "group" : "image"
    text += "for (int32_t t = 0; t < count; t += TILE) {\n"
    text += "  const int32_t i = t < count - TILE ? t : count - TILE;  // the last tile overlaps the one before\n"
    text += "  const ptrdiff_t at = (ptrdiff_t)(first + i) * OUT_CHANNELS + n;\n"
    text += "  const float *a[TILE];\n  KDC_UNROLL for (int m = 0; m < TILE; m++) a[m] = "
    text += bands.isDense ? "\(base) + (ptrdiff_t)(i + m) * IN_CHANNELS;\n" : "\(base) + offset[i + m];\n"
    return text + indented(sums + stores, 1) + "}\n"
  }

  private var sums: String {
    let runs = bands.runs
    let sums = FloatSums(
      tile: tile, weightStep: "PANEL", ahead: bands.isDense && bands.pixels > 1 ? "TILE * IN_CHANNELS" : nil,
      prefetchesWeights: streaming > 0)
    let each = "KDC_UNROLL for (int m = 0; m < TILE; m++)"
    var text = sums.products(runs.length, named: "RUN")
    if runs.columns > 1 {
      text = "for (int32_t kx = 0; kx < RUN_COLUMNS; kx++) {\n" + indented(text, 1) + "  \(each) a[m] += COLUMN;\n}\n"
      if runs.rows > 1 { text += "\(each) a[m] += ROW - RUN_COLUMNS * COLUMN;\n" }
    } else if runs.rows > 1 {
      text += "\(each) a[m] += ROW;\n"
    }
    if runs.rows > 1 { text = "for (int32_t ky = 0; ky < RUN_ROWS; ky++) {\n" + indented(text, 1) + "}\n" }
    return sums.declaration(first: "start[v]") + "const float *w = panel;\n" + text
  }

  private var stores: String {
    let sums = FloatSums(tile: tile, weightStep: "PANEL")
    let suffix = tile.vectors.suffix
    func value(_ sum: String, _ at: String) -> String {
      let all = step.residual == nil ? sum : "kdc_add_\(suffix)(\(sum), kdc_load_\(suffix)(residual + \(at)))"
      return tile.vectors.activated(all, step.activation) ?? all
    }
    let whole = sums.stores(tile.width, step: "OUT_CHANNELS", value)
    guard rest > 0 else { return whole }
    let partial = sums.stores(rest, step: "OUT_CHANNELS", value)
    guard bands.groupPanels > 1 else { return partial }
    let isWhole = g.groups > 1 ? "p % GROUP_PANELS < GROUP_PANELS - 1" : "p < PANELS - 1"
    return "if (\(isWhole)) {\n" + indented(whole, 1) + "} else {\n" + indented(partial, 1) + "}\n"
  }

  /// Functions that are not a vector's own, of all that a unit made.
  private var secondPass: String {
    guard tile.vectors.activated("s", step.activation) == nil else { return "" }
    return """
      const int32_t n0 = \(channel("p0")), n1 = p1 < PANELS ? \(channel("p1")) : OUT_CHANNELS;
      for (int32_t i = first; i < first + count; i++) {
        float *y = output + (ptrdiff_t)i * OUT_CHANNELS;
        KDC_ELEMENTWISE for (int32_t n = n0; n < n1; n++) {
          const float v = y[n];
          y[n] = \(CFloatFunction.expression(step.activation, of: "v"));
        }
      }

      """
  }
}
