import KDCProgram
import KDCTargets

/// Integer convolutions with many input channels on x86-64 with VNNI: tiles of some output pixels by some vectors of
/// output channels, chosen for the shape, over an image of unsigned bytes (see `VnniWidth`). Reads up to 3 bytes past a
/// run of its copy of the image and nothing past any other buffer.
struct ConvolutionRunsVnni: ConvolutionTileFamily {
  let width: VnniWidth
  var name: String { "conv_runs_\(width.feature.name)" }

  var lanes: Int { width.lanes }
  let copiedBytesPerCycle = 24.0

  var feature: Feature { width.feature }

  func candidates(_ g: ConvolutionGeometry) -> [(vectors: Int, pixels: Int)] {
    // A vector more than the channels need is wasted; 256 bits always work in twos.
    let counts =
      width == .avx512 ? [4, 3, 2, 1].filter { $0 == 1 || ($0 - 1) * width.lanes < g.outputChannels } : [2]
    return counts.flatMap { vectors in
      (1...8).reversed().filter { $0 * vectors <= width.sums }.map { (vectors, $0) }
    }
  }

  func tiling(_ g: ConvolutionGeometry, pixels: Int, vectors: Int, on target: Target) -> ConvolutionTiling {
    ConvolutionTiling(
      pixels: pixels, channels: vectors * width.lanes, depth: 4, element: "uint8_t", weightElement: "int8_t",
      copy: "kdc_flip_rows_\(width.bits)", alwaysCopies: true, headerBytes: 4,
      tileCycles: tileCycles(g, pixels: pixels, vectors: vectors), cacheBytes: target.caches.l1Bytes)
  }

  /// Cycles of a tile: multiplications or loads, whichever take longer, and the epilogue: some six instructions a vector of sums.
  func tileCycles(_ g: ConvolutionGeometry, pixels: Int, vectors: Int) -> Double {
    let runs = ConvolutionRuns(g)
    let steps = Double(runs.count * runs.quads)
    // A lone pixel waits for its sums: four cycles from one multiplication to the next.
    let multiplications = max(Double(pixels * vectors) * width.cycles, 4)
    let loads = Double(vectors) * width.cycles * 2 + Double(pixels) / 2
    return steps * max(multiplications, loads) + Double(pixels * vectors) * width.cycles * 6.5
      + Double(runs.count * 3 + 12)
  }

  func emit(_ tile: ConvolutionTilePlan) -> KernelCode {
    let g = tile.shape.geometry
    let runs = ConvolutionRuns(g)
    let channels = tile.vectors * width.lanes
    let epilogue = VnniRequantization(width: width, step: tile.shape.step)
    let sums = VnniSums(width: width, bands: tile.bands)
    return KernelCode(
      numbers: tile.numbers,
      body: "  // Tiles of \(tile.pixels) pixels by \(channels) channels.\n"
        + tile.shape.pointers(workspace: true)
        + tile.bands.loops(
          around: sums.text + epilogue.tile(channels: g.outputChannels, vectors: tile.vectors),
          perPanel: epilogue.panel(channels: g.outputChannels, vectors: tile.vectors)),
      units: tile.bands.units, workspaceBytes: tile.bands.workspaceBytes,
      packings: [
        .offsetPanels(rows: g.outputChannels, runs: runs.count, length: runs.length, nr: channels, kr: 4), .plain,
        .plain,
      ])
  }
}

/// The C of the sums of one tile: expects `a[]` (the window of each pixel), `panel` and `start[]`; leaves `s[][]`.
private struct VnniSums {
  let width: VnniWidth
  let bands: ConvolutionBands

  var text: String {
    let (bits, v) = (width.bits, width.vector)
    let run = """
      for (int32_t k = 0; k < RUN_BLOCKS; k++, w += VECTORS * \(bits / 8)) {
        \(v) q[VECTORS];
        KDC_UNROLL for (int v = 0; v < VECTORS; v++) q[v] = kdc_load_\(bits)(w + \(bits / 8) * v);
        KDC_UNROLL for (int m = 0; m < TILE; m++) {
          const \(v) x = kdc_four_\(bits)(a[m] + 4 * k);
          KDC_UNROLL for (int v = 0; v < VECTORS; v++) s[m][v] = kdc_dot_\(bits)(s[m][v], x, q[v]);
        }
      }

      """
    return """
      \(v) s[TILE][VECTORS];
      KDC_UNROLL for (int m = 0; m < TILE; m++)
        KDC_UNROLL for (int v = 0; v < VECTORS; v++) s[m][v] = start[v];
      const int8_t *w = panel + VECTORS * \(bits / 8);
      \(bands.overRuns(run, pixels: "TILE"))
      """
  }
}
