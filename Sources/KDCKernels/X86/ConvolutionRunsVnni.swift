import KDCDiagnostics
import KDCProgram
import KDCTargets

/// Integer convolutions with many input channels on x86-64 with VNNI: tiles of some output pixels by some vectors of
/// output channels, chosen for the shape, over an image of unsigned bytes (see `VnniWidth`). Reads up to 3 bytes past a
/// run of its copy of the image and nothing past any other buffer.
struct ConvolutionRunsVnni: ConvolutionFamily {
  let width: VnniWidth
  var name: String { "conv_runs_\(width.feature)" }

  /// Output pixels and vectors of output channels of a tile.
  private struct Tile {
    var pixels, vectors: Int
    var cycles: Double
    var plan: ConvolutionBands
  }

  private func tiling(_ g: ConvolutionGeometry, pixels: Int, vectors: Int) -> ConvolutionTiling {
    ConvolutionTiling(
      pixels: pixels, channels: vectors * width.lanes, depth: 4, element: "uint8_t", weightElement: "int8_t",
      copy: "kdc_flip_rows_\(width.bits)", alwaysCopies: true, headerBytes: 4,
      tileCycles: cycles(g, pixels: pixels, vectors: vectors))
  }

  /// Cycles of a tile: multiplications or loads, whichever take longer, and the epilogue.
  private func cycles(_ g: ConvolutionGeometry, pixels: Int, vectors: Int) -> Double {
    let runs = ConvolutionRuns(g)
    let steps = Double(runs.count * ((runs.length + 3) / 4))
    // A lone pixel waits for its sums: four cycles from one multiplication to the next.
    let multiplications = max(Double(pixels * vectors) * width.cycles, 4)
    let loads = Double(vectors) * width.cycles * 2 + Double(pixels) / 2
    return steps * max(multiplications, loads) + Double(pixels * vectors) * width.cycles * 6.5
      + Double(runs.count * 3 + 12)
  }

  /// The tile with the least work; nil where none suits the shape.
  private func tile(_ step: ConvolutionStep) -> Tile? {
    let g = step.geometry
    var best: Tile?
    for vectors in width == .avx512 ? [4, 3, 2, 1] : [2] {
      let channels = vectors * width.lanes
      if g.groups > 1, g.outputChannels / g.groups % channels != 0 { continue }
      if vectors > 1, channels - width.lanes >= g.outputChannels, width == .avx512 { continue }
      for pixels in (1...8).reversed() where pixels * vectors <= width.sums {
        guard let plan = ConvolutionBands(step, tiling(g, pixels: pixels, vectors: vectors)) else { continue }
        let panels = (g.outputChannels + channels - 1) / channels
        let cycles =
          Double(plan.tiles * panels) * self.cycles(g, pixels: pixels, vectors: vectors) + Double(plan.copiedBytes) / 24
        if cycles < best?.cycles ?? .infinity {
          best = Tile(pixels: pixels, vectors: vectors, cycles: cycles, plan: plan)
        }
      }
    }
    return best
  }

  func refusal(of step: any Step, in program: Program, on target: Target) -> String? {
    guard let step = step as? ConvolutionStep else { return "not an integer convolution" }
    if let reason = width.refusal(on: target) { return reason }
    if step.geometry.isDepthwise { return "a depthwise convolution has one channel a run" }
    guard let tile = tile(step) else { return "output channels of a group are not whole vectors" }
    return tile.plan.imageBytes < 1 << 30 ? nil : "the image is too large"
  }

  func cycles(of step: any Step, in program: Program, on target: Target) -> Double {
    guard let step = step as? ConvolutionStep, let tile = tile(step) else { return .infinity }
    let runs = ConvolutionRuns(step.geometry)
    let weightBytes = Double(step.geometry.outputChannels * runs.count * ((runs.length + 3) / 4) * 4)
    return max(tile.cycles + Double(tile.plan.units) * 40, target.streamingCycles(weightBytes))
  }

  func emit(_ step: any Step, in program: Program, on target: Target) throws -> KernelCode {
    let shape = try ConvolutionEmission(step)
    guard let tile = tile(shape.step) else {
      throw InternalError("\(name) was chosen for a step that it refuses")
    }
    let g = shape.geometry
    let runs = ConvolutionRuns(g)
    let channels = tile.vectors * width.lanes
    var constants = tile.plan.constants + [("RUN_BLOCKS", (runs.length + 3) / 4)]
    if runs.rows > 1 { constants += [("RUN_ROWS", runs.rows), ("RUN_ROW_STEP", g.dilationY * tile.plan.pitch)] }
    if runs.columns > 1 {
      constants += [("RUN_COLUMNS", runs.columns), ("RUN_COLUMN_STEP", g.dilationX * g.inputChannels)]
    }
    constants += [("TILE", tile.pixels), ("VECTORS", tile.vectors)]
    let epilogue = VnniRequantization(width: width, step: shape.step)
    let sums = VnniSums(width: width, runs: runs)
    return KernelCode(
      body: shape.heading("\(name), tiles of \(tile.pixels)×\(channels)")
        + ConvolutionEmission.constants(constants + shape.requantization)
        + shape.pointers(workspace: true)
        + tile.plan.loops(
          around: sums.text + epilogue.tile(channels: g.outputChannels, vectors: tile.vectors),
          perPanel: epilogue.panel(channels: g.outputChannels, vectors: tile.vectors)),
      helpers: tile.plan.helpers.union(epilogue.helpers), units: tile.plan.units,
      workspaceBytes: tile.plan.workspaceBytes,
      packings: [
        .offsetPanels(rows: g.outputChannels, runs: runs.count, length: runs.length, nr: channels, kr: 4), .plain,
        .plain,
      ])
  }
}

/// The C of the sums of one tile: expects `a[]` (the window of each pixel), `panel` and `start[]`; leaves `s[][]`.
private struct VnniSums {
  let width: VnniWidth
  let runs: ConvolutionRuns

  var text: String {
    let (bits, v) = (width.bits, width.vector)
    var body = """
      for (int32_t k = 0; k < RUN_BLOCKS; k++, w += VECTORS * \(bits / 8)) {
        \(v) q[VECTORS];
        KDC_UNROLL for (int v = 0; v < VECTORS; v++) q[v] = kdc_load_\(bits)(w + \(bits / 8) * v);
        KDC_UNROLL for (int m = 0; m < TILE; m++) {
          const \(v) x = kdc_four_\(bits)(a[m] + 4 * k);
          KDC_UNROLL for (int v = 0; v < VECTORS; v++) s[m][v] = kdc_dot_\(bits)(s[m][v], x, q[v]);
        }
      }

      """
    let each = "KDC_UNROLL for (int m = 0; m < TILE; m++)"
    if runs.columns > 1 {
      body =
        "for (int32_t kx = 0; kx < RUN_COLUMNS; kx++) {\n" + indented(body, 1)
        + "  \(each) a[m] += RUN_COLUMN_STEP;\n}\n"
      if runs.rows > 1 { body += "\(each) a[m] += RUN_ROW_STEP - RUN_COLUMNS * RUN_COLUMN_STEP;\n" }
    } else if runs.rows > 1 {
      body += "\(each) a[m] += RUN_ROW_STEP;\n"
    }
    if runs.rows > 1 { body = "for (int32_t ky = 0; ky < RUN_ROWS; ky++) {\n" + indented(body, 1) + "}\n" }
    return """
      \(v) s[TILE][VECTORS];
      KDC_UNROLL for (int m = 0; m < TILE; m++)
        KDC_UNROLL for (int v = 0; v < VECTORS; v++) s[m][v] = start[v];
      const int8_t *w = panel + VECTORS * \(bits / 8);
      \(body)
      """
  }
}
