import KDCProgram
import KDCTargets

/// A family over `ConvolutionRuns` for cores with dot products of four int8 a lane: tiles of some output pixels by some
/// vectors of output channels, the ones with the least work for each shape.
protocol ConvolutionTileFamily: KernelFamily where Work == ConvolutionStep, Plan == ConvolutionTilePlan {
  var feature: Feature { get }
  /// Set where the kernel is a link of a chain.
  var rows: RowUnits? { get }
  /// Output channels of a vector.
  var lanes: Int { get }
  /// Bytes that are copied with padding in a cycle.
  var copiedBytesPerCycle: Double { get }
  /// Tiles to choose from, of equals the first.
  func candidates(_ g: ConvolutionGeometry) -> [(vectors: Int, pixels: Int)]
  /// Estimated cycles of one tile.
  func tileCycles(_ g: ConvolutionGeometry, pixels: Int, vectors: Int) -> Double
  func tiling(_ g: ConvolutionGeometry, pixels: Int, vectors: Int, on target: Target) -> ConvolutionTiling
}

/// A tile with the loops around it.
struct ConvolutionTilePlan {
  let shape: ConvolutionEmission
  let bands: ConvolutionBands
  let pixels, vectors: Int
  /// Estimated cycles of all tiles and copies, and the least that it takes to read the weights.
  let work: Double
  var streaming = 0.0

  /// The numbers of its loops, and its size.
  var numbers: [KernelNumber] {
    bands.constants + bands.runConstants(blocks: ConvolutionRuns(bands.g).quads)
      + [.fixed("TILE", pixels), .fixed("VECTORS", vectors)] + shape.requantization
  }
}

extension ConvolutionTileFamily {
  var rows: RowUnits? { nil }

  /// The tile with the least work.
  func plan(_ step: ConvolutionStep, in program: Program, on target: Target) throws(Refusal) -> ConvolutionTilePlan {
    try target.require(feature)
    let g = step.geometry
    if g.isDepthwise { throw Refusal.depthwise }
    var best: ConvolutionTilePlan?
    for (vectors, pixels) in candidates(g) {
      let channels = vectors * lanes
      if g.groups > 1, g.outputChannels / g.groups % channels != 0 { continue }
      let tiling = tiling(g, pixels: pixels, vectors: vectors, on: target)
      guard let bands = ConvolutionBands(step, tiling, rows: rows) else { continue }
      let panels = (g.outputChannels + channels - 1) / channels
      let work =
        Double(bands.tiles * panels) * tileCycles(g, pixels: pixels, vectors: vectors)
        + Double(bands.copiedBytes) / copiedBytesPerCycle
      if work < best?.work ?? .infinity {
        best = ConvolutionTilePlan(
          shape: ConvolutionEmission(step), bands: bands, pixels: pixels, vectors: vectors, work: work)
      }
    }
    guard var best else { throw Refusal("output channels of a group are not whole vectors") }
    guard best.bands.imageBytes < 1 << 30 else { throw Refusal.largeImage }
    let runs = ConvolutionRuns(g)
    best.streaming = target.streamingCycles(Double(g.outputChannels * runs.count * runs.quads * 4))
    return best
  }

  func cycles(_ plan: ConvolutionTilePlan) -> Double {
    max(plan.work + Double(plan.bands.units) * 40, plan.streaming)
  }
}

extension ConvolutionRuns {
  /// Fours of bytes in a run, the last of which may be partly zero weights.
  var quads: Int { (length + 3) / 4 }
}

extension Refusal {
  static let depthwise = Refusal("a depthwise convolution has one channel a run")
  static let largeImage = Refusal("the image is too large")
}
