import KDCDiagnostics
import KDCProgram
import KDCTargets

/// Integer convolutions with many input channels, on NEON: tiles of `pixels` output pixels by 4 output channels, 16
/// products deep (SMULL, SMLAL2, SADALP).
///
/// The window of an output pixel is a few runs of contiguous bytes: kernelHeight runs of kernelWidth · C bytes where the
/// columns are not dilated and there is one group, kernelHeight · kernelWidth runs otherwise. Where the window leaves
/// the image, each unit first copies its band of rows, padded with the zero point, into the workspace.
/// Reads up to 15 bytes past a run: the weights are zero there.
struct ConvolutionRunsNeon: RowFamily, WorkspaceFamily {
  /// 4, or 1 for fully connected layers.
  let pixels: Int
  /// Weights stay two a byte in memory and are unpacked in registers, for one pixel: where memory is what limits.
  var int4 = false
  var rows: RowUnits?
  var workspace = Int.max
  var name: String { "conv_runs_\(pixels)x4_\(int4 ? "int4_" : "")neon" }
  private var tiling: ConvolutionTiling {
    ConvolutionTiling(pixels: pixels, channels: 4, depth: 16, weightsAreInt4: int4, workspace: workspace)
  }

  func refusal(of step: any Step, in program: Program, on target: Target) -> String? {
    guard let step = step as? ConvolutionStep else { return "not an integer convolution" }
    guard target.has(.neon) else { return "the target has no NEON" }
    let g = step.geometry
    if int4, let reason = g.refusalOfInt4(isInt4: program.isInt4(step.weights)) { return reason }
    if g.isDepthwise { return "a depthwise convolution has one channel a run" }
    if g.groups > 1, g.outputChannels / g.groups % 4 != 0 {
      return "output channels of a group are not a multiple of 4"
    }
    guard let plan = ConvolutionBands(step, tiling, rows: rows) else { return "fewer than 4 output pixels a band" }
    if plan.imageBytes >= 1 << 30 { return "the image is too large" }
    return nil
  }

  func cycles(of step: any Step, in program: Program, on target: Target) -> Double {
    guard let step = step as? ConvolutionStep, let plan = ConvolutionBands(step, tiling, rows: rows) else {
      return .infinity
    }
    let runs = ConvolutionRuns(step.geometry)
    let depth = Double(runs.count) * (Double(runs.fullBlocks) * 8 + (runs.hasHalf ? 4 : 0) + (runs.count > 1 ? 1 : 0))
    // One pixel a tile reads four times as much of the weights. Products of 4-bit weights are widened less often.
    let tile = Double(pixels) * depth * (pixels == 1 && !int4 ? 1.12 : 1) + (pixels == 4 ? 24 : 16)
    let panels = Double((step.geometry.outputChannels + 3) / 4)
    let work = Double(plan.tiles) * panels * tile + Double(plan.copiedBytes) / 5 + Double(plan.units) * 40
    return max(work, target.streamingCycles(panels * Double(runs.count * runs.blocks) * (int4 ? 32 : 64)))
  }

  func emit(_ step: any Step, in program: Program, on target: Target) throws -> KernelCode {
    let shape = try ConvolutionEmission(step)
    guard let plan = ConvolutionBands(shape.step, tiling, rows: rows) else {
      throw InternalError("\(name) was chosen for a step that it refuses")
    }
    let tile = ConvolutionTileNeon(shape: shape, plan: plan, pixels: pixels, int4: int4)
    let (channels, runs) = (shape.geometry.outputChannels, tile.runs)
    return KernelCode(
      numbers: plan.constants + tile.constants + shape.requantization,
      body: shape.pointers(workspace: plan.isPadded) + plan.loops(around: tile.text),
      helpers: tile.helpers.union(plan.helpers), units: plan.units, workspaceBytes: plan.workspaceBytes,
      packings: [
        int4
          ? .halfBytePanels(rows: channels, runs: runs.count, length: runs.length, nr: 4, kr: 16)
          : .panels(rows: channels, runs: runs.count, length: runs.length, nr: 4, kr: 16, widened: false),
        .plain, .plain,
      ])
  }
}

extension ConvolutionGeometry {
  /// Why weights should not stay two a byte in memory.
  func refusalOfInt4(isInt4: Bool) -> String? {
    if !isInt4 { return "the weights have 8 bits" }
    return outputHeight * outputWidth >= 4 ? "every weight is used for several pixels: unpacked once, at load" : nil
  }
}
