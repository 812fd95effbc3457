import KDCDiagnostics
import KDCProgram
import KDCTargets

/// Integer convolutions with many input channels, on NEON: tiles of `pixels` output pixels by 4 output channels, 16
/// products deep (SMULL, SMLAL2, SADALP).
///
/// The window of an output pixel is a few runs of contiguous bytes: kernelHeight runs of kernelWidth · C bytes where the
/// columns are not dilated and there is one group, kernelHeight · kernelWidth runs otherwise. Where the window leaves
/// the image, each unit first copies its band of rows, padded with the zero point, into its part of the workspace.
/// Reads up to 15 bytes past a run: the weights are zero there.
struct ConvolutionRunsNeon: KernelFamily {
  /// 4, or 1 for fully connected layers.
  let pixels: Int
  var name: String { "conv_runs_\(pixels)x4_neon" }
  private var tiling: ConvolutionTiling { ConvolutionTiling(pixels: pixels, channels: 4, depth: 16) }

  func refusal(of step: any Step, in program: Program, on target: Target) -> String? {
    guard let step = step as? ConvolutionStep else { return "not an integer convolution" }
    guard target.features.contains("neon") else { return "the target has no NEON" }
    let g = step.geometry
    if g.isDepthwise { return "a depthwise convolution has one channel a run" }
    if g.groups > 1, g.outputChannels / g.groups % 4 != 0 {
      return "output channels of a group are not a multiple of 4"
    }
    guard let plan = ConvolutionBands(step, tiling) else { return "fewer than 4 output pixels a band" }
    if plan.imageBytes >= 1 << 30 { return "the image is too large" }
    return nil
  }

  func cycles(of step: any Step, in program: Program, on target: Target) -> Double {
    guard let step = step as? ConvolutionStep, let plan = ConvolutionBands(step, tiling) else {
      return .infinity
    }
    let runs = ConvolutionRuns(step.geometry)
    let depth = Double(runs.count) * (Double(runs.fullBlocks) * 8 + (runs.hasHalf ? 4 : 0) + (runs.count > 1 ? 1 : 0))
    // One pixel a tile reads four times as much of the weights.
    let tile = Double(pixels) * depth * (pixels == 1 ? 1.12 : 1) + (pixels == 4 ? 24 : 16)
    let panels = Double((step.geometry.outputChannels + 3) / 4)
    return Double(plan.tiles) * panels * tile + Double(plan.copiedBytes) / 5 + Double(plan.units) * 40
  }

  func emit(_ step: any Step, in program: Program, on target: Target) throws -> KernelCode {
    let shape = try ConvolutionEmission(step)
    guard let plan = ConvolutionBands(shape.step, tiling) else {
      throw InternalError("\(name) was chosen for a step that it refuses")
    }
    let tile = ConvolutionTileNeon(shape: shape, plan: plan, pixels: pixels)
    let body =
      shape.heading(name) + ConvolutionEmission.constants(plan.constants + tile.constants + shape.requantization)
      + shape.pointers(workspace: plan.isPadded) + plan.loops(around: tile.text)
    let runs = tile.runs
    return KernelCode(
      body: body, helpers: tile.helpers.union(plan.helpers), units: plan.units, workspaceBytes: plan.workspaceBytes,
      packings: [
        .panels(
          rows: shape.geometry.outputChannels, runs: runs.count, length: runs.length, nr: 4, kr: 16, widened: false),
        .plain, .plain,
      ])
  }
}

/// The window of an output pixel as runs of contiguous bytes.
struct ConvolutionRuns {
  /// Runs: rows of the window, and pixels in each row where those are not contiguous.
  let rows, columns: Int
  /// Bytes of a run.
  let length: Int
  var count: Int { rows * columns }

  init(_ g: ConvolutionGeometry) {
    let contiguous = g.groups == 1 && (g.dilationX == 1 || g.kernelWidth == 1)
    rows = g.kernelHeight
    columns = contiguous ? 1 : g.kernelWidth
    length = (contiguous ? g.kernelWidth : 1) * (g.inputChannels / max(g.groups, 1))
  }

  /// Blocks of 16 bytes, the last of which may be partly zero weights, and whether 8 more bytes follow.
  var fullBlocks: Int { length / 16 + (length % 16 > 8 ? 1 : 0) }
  var hasHalf: Bool { (1...8).contains(length % 16) }
  var blocks: Int { fullBlocks + (hasHalf ? 1 : 0) }
}
