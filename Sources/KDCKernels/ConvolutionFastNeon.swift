import KDCDiagnostics
import KDCProgram
import KDCTargets

/// Integer convolutions of 7-bit inputs by 7-bit weights on NEON: two products a multiplier lane by Winograd's fast
/// inner product, tiles of 2 output pixels by 4 output channels (`PairedBlocks`, `FastPlan`).
///
/// The sums of a·a′ of every output pixel are found once for each band and are what its lanes start from; those of
/// w·w′ lie before the packed weights and join the bias. Reads up to 15 bytes past a run: the weights are zero there.
struct ConvolutionFastNeon: FastFamily, RowFamily, WorkspaceFamily {
  let name = "conv_fast_2x4_neon"
  var rows: RowUnits?
  var workspace = Int.max

  private func tiling(_ fast: FastPlan) -> ConvolutionTiling {
    ConvolutionTiling(pixels: 2, channels: 4, depth: 32, pixelBytes: fast.groups * 16, workspace: workspace)
  }

  func plan(_ step: ConvolutionStep, in program: Program) throws(FastRefusal) -> (FastPlan, ConvolutionBands) {
    let fast = try FastPlan(step, in: program)
    guard let bands = ConvolutionBands(step, tiling(fast), rows: rows) else {
      throw FastRefusal(reason: "fewer than 2 output pixels a band")
    }
    if bands.imageBytes >= 1 << 30 { throw FastRefusal(reason: "the image is too large") }
    return (fast, bands)
  }

  func cycles(of step: any Step, in program: Program, on target: Target) -> Double {
    guard let step = step as? ConvolutionStep, let (fast, bands) = try? plan(step, in: program) else {
      return .infinity
    }
    let blocks = fast.blocks
    let runs = Double(fast.runs)
    // Both pipes take additions, only one multiplies.
    let paired = Double(blocks.full * 16 + (blocks.hasHalf ? 12 : 0) + blocks.plain)
    let widening = Double(fast.groups) * (fast.groups > 1 ? 6 : 4)
    let tile = runs * paired + widening + (fast.runs > 1 ? runs * 2 : 0) + 17
    let panels = Double((step.geometry.outputChannels + 3) / 4)
    let pixels = Double(step.geometry.outputHeight * step.geometry.outputWidth)
    let starts = pixels * runs * Double(blocks.full * 2 + 1 + fast.groups) * Double(bands.splits)
    // A panel begins with its weights' corrections and ends with a tile that no other one hides.
    let work =
      Double(bands.tiles) * panels * tile + starts + Double(bands.copiedBytes) / 5 + Double(bands.units) * 60
      + Double(bands.bands) * panels * 20
    return max(work, target.streamingCycles(panels * (16 + runs * Double(blocks.paddedLength) * 4)))
  }

  func emit(_ step: any Step, in program: Program, on target: Target) throws -> KernelCode {
    let shape = try ConvolutionEmission(step)
    let (fast, bands) = try chosenPlan(shape.step, in: program)
    let tile = ConvolutionTileFastNeon(shape: shape, bands: bands, fast: fast)
    let g = shape.geometry
    return KernelCode(
      numbers: bands.constants + tile.constants + shape.requantization,
      body: shape.pointers(workspace: bands.isPadded) + tile.declaration
        + bands.loops(around: tile.text, before: tile.starts, panel: tile.panel, after: tile.finish),
      helpers: tile.helpers.union(bands.helpers), units: bands.units, workspaceBytes: bands.workspaceBytes,
      packings: [
        .pairedPanels(rows: g.outputChannels, runs: fast.runs, length: fast.blocks.length, nr: 4), .plain, .plain,
      ])
  }
}
