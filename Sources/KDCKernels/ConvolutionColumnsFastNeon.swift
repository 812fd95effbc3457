import KDCDiagnostics
import KDCProgram
import KDCTargets

/// Integer convolutions of few 7-bit values a window by 7-bit weights on NEON: lanes are output channels, 16 to 48 for
/// one output pixel at a time, so that nothing is added across lanes (`PairedColumns`).
///
/// Lanes of 16 bits start from −Σ w·w′ of a part of the pairs, which lies before the part's weights, less Σ a·a′ of the
/// part, found once for each output pixel of a band. What they hold in the end is Σ a·w: a part has as many pairs as the
/// weights allow. Reads up to 15 bytes past a run.
struct ConvolutionColumnsFastNeon: FastFamily, RowFamily, WorkspaceFamily {
  let name = "conv_fast_columns_neon"
  var rows: RowUnits?
  var workspace = Int.max

  /// Windows with more values are better served by tiles along the values.
  private static let mostValues = 48

  struct Plan {
    let pairs: PairedColumns
    /// Pairs of a part.
    let part: Int
    /// Vectors of 16 channels in a tile.
    let vectors: Int
    let bands: ConvolutionBands
    var parts: Int { (max(pairs.count, 1) + part - 1) / part }
    /// Registers that hold a run of the window.
    var runVectors: Int { (pairs.length + 15) / 16 }
  }

  func plan(_ step: ConvolutionStep, in program: Program) throws(FastRefusal) -> Plan {
    let g = step.geometry
    let runs = ConvolutionRuns(g)
    guard g.groups == 1, runs.columns == 1 else { throw FastRefusal(reason: "rows of the window are not contiguous") }
    let pairs = PairedColumns(runs: runs.rows, length: runs.length)
    guard pairs.count > 0, runs.rows * runs.length <= Self.mostValues, pairs.length <= 48 else {
      throw FastRefusal(reason: "more than \(Self.mostValues) values a window")
    }
    guard g.outputChannels >= 8 else { throw FastRefusal(reason: "fewer than 8 output channels") }
    let (a, weights) = try FastPlan.narrow(step, in: program)
    let part = Self.part(pairs, weights, rows: g.outputChannels, values: a)
    guard let part else { throw FastRefusal(reason: "sums of 4 pairs can leave int16") }
    let sixteens = (g.outputChannels + 15) / 16
    let vectors = [3, 2, 1].first { sixteens % $0 == 0 } ?? 1
    let parts = (pairs.count + part - 1) / part
    let tiling = ConvolutionTiling(
      pixels: 1, channels: vectors * 16, depth: 1, pixelBytes: parts * 2, workspace: workspace)
    guard let bands = ConvolutionBands(step, tiling, rows: rows), bands.imageBytes < 1 << 30 else {
      throw FastRefusal(reason: "the image is too large")
    }
    return Plan(pairs: pairs, part: part, vectors: vectors, bands: bands)
  }

  /// The most pairs of which every channel's Σ a·w fits int16, the single value included; nil where not even 4 do.
  private static func part(_ pairs: PairedColumns, _ weights: [Int8], rows: Int, values: ClosedRange<Int>) -> Int? {
    let depth = pairs.runs * pairs.length
    func fits(_ part: Int) -> Bool {
      for row in 0..<rows {
        for start in stride(from: 0, to: pairs.count, by: part) {
          var (low, high) = (0, 0)
          func add(_ index: Int) {
            let w = Int(weights[row * depth + index])
            low += min(w * values.lowerBound, w * values.upperBound)
            high += max(w * values.lowerBound, w * values.upperBound)
          }
          for index in start..<min(start + part, pairs.count) {
            let (i, j) = pairs.pair(index)
            add(i)
            add(j)
          }
          if start + part >= pairs.count, pairs.hasSingle { add(pairs.singleIndex) }
          if low < -32768 || high > 32767 { return false }
        }
      }
      return true
    }
    for parts in 1...pairs.count {
      let part = (pairs.count + parts - 1) / parts
      if fits(part) { return part }
      if part < 4 { return nil }
    }
    return nil
  }

  func cycles(of step: any Step, in program: Program, on target: Target) -> Double {
    guard let step = step as? ConvolutionStep, let plan = try? plan(step, in: program) else { return .infinity }
    let vectors = Double(plan.vectors)
    let pairs = Double(plan.pairs.count)
    let single = plan.pairs.hasSingle ? 2 * vectors + 0.5 : 0
    let tile = pairs * (2 * vectors + 1) + single + Double(plan.parts) * vectors * 3 + vectors * 12 + 6
    let tiles = Double(step.geometry.outputHeight * step.geometry.outputWidth)
    let panels = Double((step.geometry.outputChannels + plan.vectors * 16 - 1) / (plan.vectors * 16))
    let starts = tiles * (pairs / 4 + Double(plan.parts) * 6) * Double(plan.bands.splits)
    return tiles * panels * tile + starts + Double(plan.bands.copiedBytes) / 5 + Double(plan.bands.units) * 60
  }

  func emit(_ step: any Step, in program: Program, on target: Target) throws -> KernelCode {
    let shape = try ConvolutionEmission(step)
    let plan = try chosenPlan(shape.step, in: program)
    let tile = ConvolutionTileColumns(shape: shape, plan: plan)
    return KernelCode(
      numbers: plan.bands.constants + tile.constants + shape.requantization,
      body: shape.pointers(workspace: plan.bands.isPadded) + tile.declaration
        + plan.bands.loops(around: tile.text, before: tile.starts, panel: tile.panel),
      helpers: tile.helpers.union(plan.bands.helpers), units: plan.bands.units,
      workspaceBytes: plan.bands.workspaceBytes,
      packings: [
        .pairedColumns(
          rows: shape.geometry.outputChannels, runs: plan.pairs.runs, length: plan.pairs.length,
          nr: plan.vectors * 16, part: plan.part), .plain, .plain,
      ])
  }
}
