import KDCProgram
import KDCTargets

/// `FloatWinogradStep` in vectors: a unit transforms the inputs of some rows of tiles into planes, one for each of the 36
/// points, multiplies each plane by the weights of its point and transforms the sums. All of it lies in the workspace.
/// Reads up to a vector past the residual.
struct FloatWinogradVectors: WorkspaceFamily {
  let vectors: FloatVectors
  var workspace = Int.max
  var name: String { "float_winograd_\(vectors.feature.name)" }

  func plan(_ step: FloatWinogradStep, in program: Program, on target: Target) throws(Refusal) -> FloatWinogradPlan {
    try target.require(vectors.feature)
    let g = step.geometry
    if step.residual == step.output { throw Refusal("the residual is the output") }
    let plans = (1...max(1, step.tilesY)).flatMap { band in
      FloatTile.all(vectors, rows: band * step.tilesX).compactMap { tile in
        FloatWinogradPlan(step: step, tile: tile, band: band, caches: target.caches)
      }
    }
    let fitting = plans.filter { $0.workspaceBytes <= workspace }
    guard
      let best = fitting.min(by: { $0.cost < $1.cost }) ?? plans.min(by: { $0.workspaceBytes < $1.workspaceBytes })
    else { throw Refusal("no tile fits the image") }
    guard best.workspaceBytes < 1 << 28, g.inputHeight * g.inputWidth * g.inputChannels < 1 << 28,
      g.outputHeight * g.outputWidth * g.outputChannels < 1 << 28
    else { throw Refusal.largeImage }
    return best
  }

  func cycles(_ plan: FloatWinogradPlan) -> Double { max(plan.cycles, plan.streaming) }

  func emit(_ plan: FloatWinogradPlan) -> KernelCode {
    let g = plan.step.geometry
    return KernelCode(
      numbers: plan.numbers, body: plan.body, units: plan.units, workspaceBytes: plan.workspaceBytes,
      packings: [
        .floatWinograd(depth: g.inputChannels, rows: g.outputChannels, nr: plan.tile.width),
        .floatPanels(groups: 1, depth: 1, rows: g.outputChannels, nr: plan.tile.width),
      ])
  }
}

struct FloatWinogradPlan {
  let step: FloatWinogradStep
  /// Of the products of a point: rows are tiles of the image.
  let tile: FloatTile
  /// Rows of tiles of a unit.
  let band: Int
  private(set) var splits = 1
  private(set) var splitPanels = 1
  /// Of all units, on one core, and the same with what the choice should count.
  private(set) var cycles = 0.0
  private(set) var cost = 0.0
  private(set) var streaming = 0.0

  /// For as many cores as boards have; each reads all planes.
  private static let wantedUnits = 4

  init?(step: FloatWinogradStep, tile: FloatTile, band: Int, caches: Target.Caches) {
    self.step = step
    self.tile = tile
    self.band = band
    let last = step.tilesY - (bands - 1) * band
    guard last * step.tilesX >= tile.rows else { return nil }
    let wanted = (Self.wantedUnits + bands - 1) / bands
    splitPanels = max(1, (panels + wanted - 1) / wanted)
    splits = (panels + splitPanels - 1) / splitPanels
    let lanes = tile.vectors.lanes
    let inputs = Double(tiles * ((g.inputChannels + lanes - 1) / lanes)) * 300 * tile.vectors.cycles
    let outputs = Double(tiles * panels * tile.count) * 200 * tile.vectors.cycles
    let copies = Double(bands * rows(band) * pitch) * 0.9
    func products(_ count: Int) -> Double {
      Double((count + tile.rows - 1) / tile.rows * panels * 36) * tile.cycles(depth: g.inputChannels)
    }
    cycles =
      Double(bands - 1) * products(band * step.tilesX) + products(last * step.tilesX) + inputs + outputs + copies
      + Double(units) * 60
    let bytes = Double(panels * tile.width * g.inputChannels * 36 * 4)
    streaming = caches.streamingCycles(bytes)
    // Weights that the last cache does not hold are read for each band, half of that time hidden behind products; planes that
    // it does not hold for each range of panels.
    let planes = Double(band * step.tilesX * channels * 36 * 4)
    let again = planes > Double(caches.l2Bytes) * 0.6 ? planes * Double(units) : 0
    cost =
      cycles + streaming / 2 * Double(bands) + bytes * Double(bands) / 32 + again / caches.dramBytesPerCycle
  }

  private var g: ConvolutionGeometry { step.geometry }
  private var tiles: Int { step.tilesY * step.tilesX }
  private var bands: Int { (step.tilesY + band - 1) / band }
  private var panels: Int { (g.outputChannels + tile.width - 1) / tile.width }
  var units: Int { bands * splits }
  /// Of a row of a plane: whole vectors.
  private var channels: Int { (g.inputChannels + tile.vectors.lanes - 1) / tile.vectors.lanes * tile.vectors.lanes }
  private var pitch: Int { (step.tilesX * 4 + 2) * g.inputChannels }
  private func rows(_ band: Int) -> Int { band * 4 + 2 }
  /// Floats of the copy of the rows, of the planes and of a panel's sums, each with what vectors reach past it.
  private var sliceFloats: Int { (rows(band) * pitch + 4 + tile.vectors.lanes + 15) / 16 * 16 }
  private var planesFloats: Int { 36 * band * step.tilesX * channels + 16 }
  private var sumsFloats: Int { 36 * band * step.tilesX * tile.width * splitPanels }
  var workspaceBytes: Int { (sliceFloats + planesFloats + sumsFloats) * 4 }
}

extension FloatWinogradPlan {
  var numbers: [KernelNumber] {
    let (row, left) = (g.inputWidth * g.inputChannels, min(g.padLeft * g.inputChannels, pitch))
    return [
      .fixed("TILE", tile.rows), .fixed("VECTORS", tile.count), .fixed("PANEL", tile.width),
      .varying("IN_CHANNELS", g.inputChannels), .varying("CHANNELS", channels),
      .varying("OUT_CHANNELS", g.outputChannels), .varying("OUT_HEIGHT", g.outputHeight),
      .varying("OUT_WIDTH", g.outputWidth), .varying("TILES_Y", step.tilesY), .varying("TILES_X", step.tilesX),
      .varying("BAND", band), .varying("SPLITS", splits), .varying("SPLIT", splitPanels), .varying("PANELS", panels),
      .varying("IN_HEIGHT", g.inputHeight), .varying("IN_ROW", row),
      .varying("COPIED", min(row, pitch - left)), .varying("LEFT", left),
      .varying("PITCH", pitch), .varying("TOP", g.padTop), .varying("PLANES", sliceFloats),
      .varying("SUMS", sliceFloats + planesFloats),
    ]
  }

  var body: String {
    let output = step.reads.count
    let suffix = tile.vectors.suffix
    var text = """
        // Tiles of \(tile.rows) 4×4 blocks of pixels by \(tile.width) channels.
        const float *input = b[0]\(step.residual == nil ? "" : ", *residual = b[1]");
        float *output = b[\(output)], *slice = b[\(output + 1)], *planes = slice + PLANES, *sums = slice + SUMS;
        const float *weights = c[0], *bias = c[1];
        for (int32_t unit = (int32_t)begin; unit < (int32_t)end; unit++) {
          const int32_t ty = unit / SPLITS * BAND, rows = ty + BAND < TILES_Y ? BAND : TILES_Y - ty;
          const int32_t count = rows * TILES_X;
          const ptrdiff_t plane = (ptrdiff_t)count * CHANNELS;
          const int32_t p0 = unit % SPLITS * SPLIT, p1 = p0 + SPLIT < PANELS ? p0 + SPLIT : PANELS;
          if (unit == (int32_t)begin || p0 == 0) {
            kdc_pad_floats(slice, input, 4 * ty - TOP, 4 * rows + 2, IN_HEIGHT, IN_ROW, COPIED, LEFT, PITCH);
            for (int32_t t = 0; t < count; t++) {
              const float *x = slice + (ptrdiff_t)(t / TILES_X * 4) * PITCH + t % TILES_X * 4 * IN_CHANNELS;
      \(indented(inputs, 4))      }
          }
          for (int32_t place = 0; place < 36; place++) {
            const float *from = planes + place * plane;
            for (int32_t panel = p0; panel < p1; panel++) {
              float *to = sums + (ptrdiff_t)((panel - p0) * 36 + place) * count * PANEL;
              for (int32_t t = 0; t < count; t += TILE) {
                const int32_t i = t < count - TILE ? t : count - TILE;  // the last tile overlaps the one before
                const float *a[TILE];
                KDC_UNROLL for (int m = 0; m < TILE; m++) a[m] = from + (ptrdiff_t)(i + m) * CHANNELS;
                const float *w = weights + ((ptrdiff_t)place * PANELS + panel) * IN_CHANNELS * PANEL;

      """
    let products = FloatSums(tile: tile, weightStep: "PANEL", prefetchesWeights: streaming > 0)
    text += indented(
      products.declaration(first: "kdc_set_\(suffix)(0)") + products.products(g.inputChannels, named: "IN_CHANNELS"), 5)
    text += """
                KDC_UNROLL for (int m = 0; m < TILE; m++)
                  KDC_UNROLL for (int v = 0; v < VECTORS; v++)
                    kdc_store_\(suffix)(to + (i + m) * PANEL + \(tile.vectors.lanes) * v, s[m][v]);
              }
            }
          }
          for (int32_t panel = p0; panel < p1; panel++) {
            for (int32_t t = 0; t < count; t++) {
              const int32_t oy = (ty + t / TILES_X) * 4, ox = t % TILES_X * 4;
      \(indented(outputs, 4))      }
          }
      \(indented(secondPass, 2))  }
      """
    return text
  }

  /// Six values d[] along one axis to `to`(i).
  private func inputs(_ to: (Int) -> String) -> String {
    let (type, f) = (tile.vectors.type, tile.vectors.suffix)
    func fma(_ s: String, _ x: String, _ w: String) -> String { "kdc_fma_\(f)(\(s), kdc_set_\(f)(\(x)), \(w))" }
    return """
      const \(type) p = \(fma("d[4]", "-4", "d[2]")), q = \(fma("d[3]", "-4", "d[1]"));
      const \(type) r = kdc_sub_\(f)(d[4], d[2]), s = kdc_sub_\(f)(d[3], d[1]);
      \(to(0)) = \(fma(fma("d[4]", "-5", "d[2]"), "4", "d[0]"));
      \(to(1)) = kdc_add_\(f)(p, q);
      \(to(2)) = kdc_sub_\(f)(p, q);
      \(to(3)) = \(fma("r", "2", "s"));
      \(to(4)) = \(fma("r", "-2", "s"));
      \(to(5)) = \(fma(fma("d[5]", "-5", "d[3]"), "4", "d[1]"));

      """
  }

  /// Six sums d[] along one axis to four values.
  private func outputs(_ to: (Int) -> String) -> String {
    let (type, f) = (tile.vectors.type, tile.vectors.suffix)
    func fma(_ s: String, _ x: String, _ w: String) -> String { "kdc_fma_\(f)(\(s), kdc_set_\(f)(\(x)), \(w))" }
    return """
      const \(type) p = kdc_add_\(f)(d[1], d[2]), q = kdc_sub_\(f)(d[1], d[2]);
      const \(type) r = kdc_add_\(f)(d[3], d[4]), s = kdc_sub_\(f)(d[3], d[4]);
      \(to(0)) = kdc_add_\(f)(kdc_add_\(f)(d[0], p), r);
      \(to(1)) = \(fma("q", "2", "s"));
      \(to(2)) = \(fma("p", "4", "r"));
      \(to(3)) = kdc_add_\(f)(\(fma("q", "8", "s")), d[5]);

      """
  }

  /// A tile's inputs, at x, to the planes.
  private var inputs: String {
    let (type, f, lanes) = (tile.vectors.type, tile.vectors.suffix, tile.vectors.lanes)
    return """
      for (int32_t in = 0; in < IN_CHANNELS; in += \(lanes)) {
        \(type) h[6][6];
        KDC_UNROLL for (int j = 0; j < 6; j++) {
          \(type) d[6];
          KDC_UNROLL for (int i = 0; i < 6; i++) d[i] = kdc_load_\(f)(x + i * PITCH + j * IN_CHANNELS + in);
      \(indented(inputs { "h[\($0)][j]" }, 2))  }
        float *to = planes + (ptrdiff_t)t * CHANNELS + in;
        KDC_UNROLL for (int i = 0; i < 6; i++) {
          const \(type) *d = h[i];
          \(type) e[6];
      \(indented(inputs { "e[\($0)]" }, 2))    KDC_UNROLL for (int j = 0; j < 6; j++) kdc_store_\(f)(to + (i * 6 + j) * plane, e[j]);
        }
      }

      """
  }

  /// A tile's sums to its outputs.
  private var outputs: String {
    let (type, f, lanes) = (tile.vectors.type, tile.vectors.suffix, tile.vectors.lanes)
    let rest = g.outputChannels % lanes
    func value(_ sum: String, _ at: String) -> String {
      let all = step.residual == nil ? sum : "kdc_add_\(f)(\(sum), kdc_load_\(f)(residual + \(at)))"
      return tile.vectors.activated(all, step.activation) ?? all
    }
    let stored = value("kdc_add_\(f)(e[dx], kdc_load_\(f)(bias + n))", "at + dx * OUT_CHANNELS")
    let store =
      rest == 0
      ? "kdc_store_\(f)(output + at + dx * OUT_CHANNELS, o);"
      : """
      if (n + \(lanes) <= OUT_CHANNELS)
            kdc_store_\(f)(output + at + dx * OUT_CHANNELS, o);
          else
            kdc_store_some_\(f)(output + at + dx * OUT_CHANNELS, o, \(rest));
      """
    return """
      for (int v = 0; v < VECTORS; v++) {
        const int32_t n = panel * PANEL + \(lanes) * v;
        if (n >= OUT_CHANNELS) break;
        const float *from = sums + ((ptrdiff_t)(panel - p0) * 36 * count + t) * PANEL + \(lanes) * v;
        \(type) h[4][6];
        KDC_UNROLL for (int j = 0; j < 6; j++) {
          \(type) d[6];
          KDC_UNROLL for (int i = 0; i < 6; i++) d[i] = kdc_load_\(f)(from + (ptrdiff_t)(i * 6 + j) * count * PANEL);
      \(indented(outputs { "h[\($0)][j]" }, 2))  }
        KDC_UNROLL for (int dy = 0; dy < 4; dy++) {
          if (oy + dy >= OUT_HEIGHT) continue;
          const \(type) *d = h[dy];
          \(type) e[4];
      \(indented(outputs { "e[\($0)]" }, 2))    const ptrdiff_t at = ((ptrdiff_t)(oy + dy) * OUT_WIDTH + ox) * OUT_CHANNELS + n;
          KDC_UNROLL for (int dx = 0; dx < 4; dx++) {
            if (ox + dx >= OUT_WIDTH) continue;
            const \(type) o = \(stored);
            \(store)
          }
        }
      }

      """
  }

  private var secondPass: String {
    guard tile.vectors.activated("s", step.activation) == nil else { return "" }
    return """
      const int32_t n1 = p1 < PANELS ? p1 * PANEL : OUT_CHANNELS;
      const int32_t last = (ty + rows) * 4 < OUT_HEIGHT ? (ty + rows) * 4 : OUT_HEIGHT;
      for (int32_t i = ty * 4 * OUT_WIDTH; i < last * OUT_WIDTH; i++) {
        float *y = output + (ptrdiff_t)i * OUT_CHANNELS;
        KDC_ELEMENTWISE for (int32_t n = p0 * PANEL; n < n1; n++) {
          const float v = y[n];
          y[n] = \(CFloatFunction.expression(step.activation, of: "v"));
        }
      }

      """
  }
}
