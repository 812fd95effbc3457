import KDCDiagnostics
import KDCProgram
import KDCTargets

/// A family over `ConvolutionRuns` for cores with dot products of four int8 a lane: tiles of some output pixels by some
/// vectors of output channels, the ones with the least work for each shape.
protocol ConvolutionTileFamily: ConvolutionFamily {
  /// Set where the kernel is a link of a chain.
  var rows: RowUnits? { get }
  /// Output channels of a vector.
  var lanes: Int { get }
  /// Bytes that are copied with padding in a cycle.
  var copiedBytesPerCycle: Double { get }
  /// Why the target cannot run it; nil where it can.
  func refusal(on target: Target) -> String?
  /// Tiles to choose from, of equals the first.
  func candidates(_ g: ConvolutionGeometry) -> [(vectors: Int, pixels: Int)]
  /// Estimated cycles of one tile.
  func tileCycles(_ g: ConvolutionGeometry, pixels: Int, vectors: Int) -> Double
  func tiling(_ g: ConvolutionGeometry, pixels: Int, vectors: Int) -> ConvolutionTiling
}

/// A tile with the loops around it.
struct ConvolutionTileChoice {
  var pixels, vectors: Int
  /// Estimated cycles of all tiles and copies.
  var cycles: Double
  var plan: ConvolutionBands

  /// The numbers of its loops, and its size.
  var numbers: [KernelNumber] {
    plan.constants + plan.runConstants(blocks: ConvolutionRuns(plan.g).quads)
      + [.fixed("TILE", pixels), .fixed("VECTORS", vectors)]
  }
}

extension ConvolutionTileFamily {
  var rows: RowUnits? { nil }

  /// The tile with the least work; nil where none suits the shape.
  func tile(_ step: ConvolutionStep) -> ConvolutionTileChoice? {
    let g = step.geometry
    var best: ConvolutionTileChoice?
    for (vectors, pixels) in candidates(g) {
      let channels = vectors * lanes
      if g.groups > 1, g.outputChannels / g.groups % channels != 0 { continue }
      guard let plan = ConvolutionBands(step, tiling(g, pixels: pixels, vectors: vectors), rows: rows) else { continue }
      let panels = (g.outputChannels + channels - 1) / channels
      let cycles =
        Double(plan.tiles * panels) * tileCycles(g, pixels: pixels, vectors: vectors)
        + Double(plan.copiedBytes) / copiedBytesPerCycle
      if cycles < best?.cycles ?? .infinity {
        best = ConvolutionTileChoice(pixels: pixels, vectors: vectors, cycles: cycles, plan: plan)
      }
    }
    return best
  }

  /// The tile for a step that the family has not refused.
  func chosenTile(_ step: ConvolutionStep) throws -> ConvolutionTileChoice {
    guard let tile = tile(step) else { throw InternalError("\(name) was chosen for a step that it refuses") }
    return tile
  }

  package func refusal(of step: any Step, in program: Program, on target: Target) -> String? {
    guard let step = step as? ConvolutionStep else { return "not an integer convolution" }
    if let reason = refusal(on: target) { return reason }
    if step.geometry.isDepthwise { return "a depthwise convolution has one channel a run" }
    guard let tile = tile(step) else { return "output channels of a group are not whole vectors" }
    return tile.plan.imageBytes < 1 << 30 ? nil : "the image is too large"
  }

  package func cycles(of step: any Step, in program: Program, on target: Target) -> Double {
    guard let step = step as? ConvolutionStep, let tile = tile(step) else { return .infinity }
    let runs = ConvolutionRuns(step.geometry)
    let weightBytes = Double(step.geometry.outputChannels * runs.count * runs.quads * 4)
    return max(tile.cycles + Double(tile.plan.units) * 40, target.streamingCycles(weightBytes))
  }
}

extension ConvolutionRuns {
  /// Fours of bytes in a run, the last of which may be partly zero weights.
  var quads: Int { (length + 3) / 4 }
}
