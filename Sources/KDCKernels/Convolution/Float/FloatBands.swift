import KDCProgram
import KDCTargets

/// How a float convolution is cut into units: bands of output pixels, times ranges of panels (a tile's output channels) where
/// there are few bands.
struct FloatBands {
  let g: ConvolutionGeometry
  let tile: FloatTile
  /// Whether bands are copied with zeros around them, because a window leaves the image.
  let isPadded: Bool
  /// Floats from one row of the (padded) image to the next.
  let pitch: Int
  /// Panels of a group of output channels, and of all.
  let groupPanels, panels: Int
  /// Output rows of a band where it is of whole rows, else 0.
  private(set) var bandRows = 0
  /// Pixels of a band; the last one has what remains, which may be more by less than a tile.
  private(set) var bandPixels = 0
  private(set) var bands = 1
  private(set) var splits = 1
  private(set) var splitPanels = 0
  /// Estimated cycles of all units, on one core.
  private(set) var cycles = 0.0

  private static let wantedUnits = 8
  /// Input and output of a band of pixels that is not copied.
  private static let bandBytes = 64 << 10

  /// nil where a tile does not fit into a band.
  init?(_ g: ConvolutionGeometry, _ tile: FloatTile, _ caches: Target.Caches) {
    self.g = g
    self.tile = tile
    let neededWidth = (g.outputWidth - 1) * g.strideX + (g.kernelWidth - 1) * g.dilationX + 1
    let neededHeight = (g.outputHeight - 1) * g.strideY + (g.kernelHeight - 1) * g.dilationY + 1
    isPadded =
      g.padTop > 0 || g.padLeft > 0 || neededWidth > g.inputWidth || neededHeight > g.inputHeight
    pitch = (isPadded ? neededWidth : g.inputWidth) * g.inputChannels
    groupPanels = (g.outputChannels / g.groups + tile.width - 1) / tile.width
    panels = g.groups * groupPanels
    guard pixels >= tile.rows else { return nil }
    let isPlaced = isPadded ? placeRows(caches) : placePixels(caches)
    guard isPlaced else { return nil }
    let wanted = (Self.wantedUnits + bands - 1) / bands
    // Two vectors of NEON's are the least that a thread should get.
    splitPanels = max(1, (panels + wanted - 1) / wanted)
    splits = (panels + splitPanels - 1) / splitPanels
  }

  var pixels: Int { g.outputHeight * g.outputWidth }
  var units: Int { bands * splits }
  var runs: FloatRuns { FloatRuns(g) }
  var depth: Int { runs.count * runs.length }
  private var tileCycles: Double { tile.cycles(depth: depth, runs: runs.count) }
  private var weightBytes: Int { panels * tile.width * depth * 4 }
  private func tiles(_ pixels: Int) -> Int { (pixels + tile.rows - 1) / tile.rows }
  private func inputRows(_ rows: Int) -> Int { (rows - 1) * g.strideY + (g.kernelHeight - 1) * g.dilationY + 1 }
  /// Copying writes, and vector loads read, up to 3 floats more.
  private func sliceBytes(_ rows: Int) -> Int { ((inputRows(rows) * pitch + 4) * 4 + 63) / 64 * 64 }

  /// Bands of whole rows with the least work: whole tiles, few rows copied twice, weights and copies in the caches.
  private mutating func placeRows(_ caches: Target.Caches) -> Bool {
    var best: (rows: Int, cost: Double)?
    for rows in 1...max(1, g.outputHeight) {
      let count = (g.outputHeight + rows - 1) / rows
      let last = g.outputHeight - (count - 1) * rows
      guard last * g.outputWidth >= tile.rows else { continue }
      let all = (count - 1) * tiles(rows * g.outputWidth) + tiles(last * g.outputWidth)
      let work = Double(all * panels) * tileCycles
      let copies = Double(count * inputRows(rows) * pitch) * 0.9 + Double(count) * 100
      let isFar = weightBytes > caches.l2Bytes / 2
      let again = Double(weightBytes * (count - 1)) / (isFar ? caches.dramBytesPerCycle : 32)
      let slice = sliceBytes(rows)
      let spill = slice > caches.l2Bytes / 2 ? 1.3 : slice > caches.l1Bytes ? 1.02 : 1
      let cost = (work + copies + again) * spill
      if cost < best?.cost ?? .infinity {
        best = (rows, cost)
        cycles = work + copies
      }
    }
    guard let best else { return false }
    bandRows = best.rows
    bandPixels = best.rows * g.outputWidth
    bands = (g.outputHeight + best.rows - 1) / best.rows
    return true
  }

  private mutating func placePixels(_ caches: Target.Caches) -> Bool {
    let bytes = (g.inputChannels * g.strideX * g.strideY + g.outputChannels) * 4
    // Weights that the last cache does not hold are read once.
    let isFar = weightBytes > caches.l2Bytes / 2 && pixels <= 256
    let most = isFar ? pixels : max(1, Self.bandBytes / bytes / tile.rows) * tile.rows
    let count = (pixels + most - 1) / most
    bandPixels = tiles((pixels + count - 1) / count) * tile.rows
    bands = (pixels + bandPixels - 1) / bandPixels
    if bands > 1, pixels - (bands - 1) * bandPixels < tile.rows { bands -= 1 }
    if bands == 1 { bandPixels = pixels }
    let all = (bands - 1) * tiles(bandPixels) + tiles(pixels - (bands - 1) * bandPixels)
    cycles = Double(all * panels) * tileCycles + Double(bands) * 60
    return true
  }

  var workspaceBytes: Int { isPadded ? sliceBytes(bandRows) : 0 }
  /// Floats that offsets in C reach over.
  var reach: Int {
    max(g.inputHeight * g.inputWidth * g.inputChannels, inputRows(max(bandRows, 1)) * pitch)
      + pixels * g.outputChannels
  }
  /// Whether the windows of consecutive pixels lie inputChannels floats apart.
  var isDense: Bool { !isPadded && runs.count == 1 && g.groups == 1 && g.isPointwise }
}

/// The window of an output pixel as runs of contiguous floats.
struct FloatRuns {
  /// Runs: rows of the window, and pixels in each row where those are not contiguous.
  let rows, columns: Int
  /// Floats of a run.
  let length: Int
  var count: Int { rows * columns }

  init(_ g: ConvolutionGeometry) {
    let isContiguous = g.groups == 1 && (g.dilationX == 1 || g.kernelWidth == 1)
    rows = g.kernelHeight
    columns = isContiguous ? 1 : g.kernelWidth
    length = (isContiguous ? g.kernelWidth : 1) * (g.inputChannels / max(g.groups, 1))
  }
}
