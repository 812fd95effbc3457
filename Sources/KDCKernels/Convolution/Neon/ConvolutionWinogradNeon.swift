import KDCProgram
import KDCTargets

/// 3×3 convolutions of stride 1 by Winograd's F(4×4, 3×3) on NEON, exact for int8 (`Winograd4`): 36 products for 16 outputs
/// in place of 144, two of them in a multiplication (paired products of int16).
///
/// For a group of tiles: the inputs are transformed into 36 planes, each plane is multiplied by its weights, four tiles
/// by four output channels at a time, and the sums of 16 channels are transformed back, requantised and stored. A unit is
/// a band of tiles by a range of output channels; it works in the call's workspace.
struct ConvolutionWinogradNeon: WorkspaceFamily {
  let name = "conv_winograd4_neon"
  var workspace = Int.max

  func plan(_ step: ConvolutionStep, in program: Program, on target: Target) throws(Refusal) -> WinogradPlan {
    try target.require(.neon)
    let g = step.geometry
    guard g.kernelHeight == 3, g.kernelWidth == 3, g.strideY == 1, g.strideX == 1, g.dilationY == 1, g.dilationX == 1,
      g.groups == 1
    else { throw Refusal("not a plain 3×3 convolution of stride 1") }
    if max(g.inputHeight * g.inputWidth * g.inputChannels, g.outputHeight * g.outputWidth * g.outputChannels) >= 1 << 28
    {
      throw Refusal.largeImage
    }
    if Winograd4.packedBytes(rows: g.outputChannels, channels: g.inputChannels) >= 1 << 30 {
      throw Refusal("too many weights")
    }
    if !step.fits(Winograd4.range, in: program) {
      throw Refusal("sums may leave 26 bits, the weights do not exclude it")
    }
    return WinogradPlan(step, target, workspace: workspace)
  }

  func cycles(_ plan: WinogradPlan) -> Double { plan.cycles }

  func emit(_ plan: WinogradPlan) -> KernelCode {
    let code = WinogradCode(plan: plan)
    return KernelCode(
      numbers: code.numbers, body: code.text, units: plan.units, workspaceBytes: plan.sliceBytes,
      packings: [
        .winograd4(rows: plan.geometry.outputChannels, channels: plan.geometry.inputChannels), .plain, .plain,
      ], passes: plan.bands * plan.groups)
  }
}

extension ConvolutionStep {
  /// Whether every sum with its bias lies in `range`, whatever the input, by the weights and biases in `program`.
  func fits(_ range: Range<Int>, in program: Program) -> Bool {
    guard program.constants.indices.contains(weights.index), program.constants.indices.contains(bias.index),
      case .int8(let values) = program.constants[weights.index].tensor.elements,
      case .int32(let biases) = program.constants[bias.index].tensor.elements,
      !biases.isEmpty, values.count % biases.count == 0
    else { return false }
    let depth = values.count / biases.count
    return biases.indices.allSatisfy { row in
      // The ends of an int8 input times a weight; never more than 128 · 128.
      var (low, high) = (Int(biases[row]), Int(biases[row]))
      if range.contains(low - depth << 14), range.contains(high + depth << 14) { return true }
      values.withUnsafeBufferPointer { all in
        for index in row * depth..<(row + 1) * depth {
          let weight = Int(all[index])
          low &+= weight > 0 ? weight &* -128 : weight &* 127
          high &+= weight > 0 ? weight &* 127 : weight &* -128
        }
      }
      return range.contains(low) && range.contains(high)
    }
  }
}

/// How a Winograd convolution is cut into units and groups, and what it costs.
struct WinogradPlan {
  let step: ConvolutionStep
  var geometry: ConvolutionGeometry { step.geometry }
  /// Tiles of 4×4 outputs in a row and in all.
  let columns, tiles: Int
  private let workspace: Int
  private let caches: Target.Caches
  /// Units: bands of quads of tiles, by ranges of `splitChannels` output channels.
  private(set) var bands = 1
  private(set) var splits = 1
  /// Groups that a band is cut into, and the most quads of one.
  private(set) var groups = 1
  private(set) var groupQuads = 1
  /// Estimated cycles on one core.
  private(set) var cycles = Double.infinity

  var quads: Int { (tiles + 3) / 4 }
  var units: Int { bands * splits }
  var blocks: Int { Winograd4.blocks(geometry.inputChannels) }
  var panels: Int { Winograd4.panels(geometry.outputChannels) }
  var splitChannels: Int {
    let groups = (panels + 3) / 4
    return (groups + splits - 1) / splits * Winograd4.groupRows
  }

  /// Quads of a group at most: where many use the weights while they are in the first cache, less is read from the
  /// second. Of few weights, which are near at hand, the workspace would be larger than what it serves.
  private var mostQuads: Int {
    let quadBytes = 36 * (blocks * 128 + 64 + 256)
    // What a slice has besides: a line between planes, the patch, whole lines.
    let others = 36 * 64 + 36 * blocks * 16 + 63
    let most = weightBytes > Double(caches.l2Bytes / 8) ? 5 : caches.l1Bytes * 3 / 4 / quadBytes
    return max(1, min(5, most, (workspace - others) / quadBytes))
  }

  init(_ step: ConvolutionStep, _ target: Target, workspace: Int = .max) {
    self.step = step
    self.workspace = workspace
    caches = target.caches
    let geometry = step.geometry
    columns = (geometry.outputWidth + 3) / 4
    tiles = columns * ((geometry.outputHeight + 3) / 4)
    // Whichever division is done soonest by all cores; it must not cost one core much.
    let cores = max(1, target.cores)
    var best: (bands: Int, splits: Int, groups: Int, cost: Double, cycles: Double)?
    for bands in 1...cores where cores % bands == 0 {
      for wanted in 1...cores where bands * wanted <= cores {
        let channelGroups = (panels + 3) / 4
        let each = (channelGroups + wanted - 1) / wanted
        // Every range has channels, every band has quads.
        guard bands <= quads, (channelGroups + each - 1) / each == wanted else { continue }
        let most = (quads + bands - 1) / bands
        let groups = (most + mostQuads - 1) / mostQuads
        let one = Double(quads) * (inputCycles + quadCycles(panels))
        let all = Double(most) * (inputCycles + quadCycles(min(panels, 4 * each)))
        let passes = Double(bands * groups)
        // Memory keeps the cores from what their work allows.
        let cost = max(all, caches.streamingCycles(weightBytes) * passes) + all / 4 + one / 16
        let cycles = max(one, target.streamingCycles(weightBytes) * passes)
        if cost < best?.cost ?? .infinity { best = (bands, wanted, groups, cost, cycles) }
      }
    }
    guard let best else { return }
    (bands, splits, groups, cycles) = (best.bands, best.splits, best.groups, best.cycles)
    groupQuads = ((quads + bands - 1) / bands + groups - 1) / groups
  }

  /// Transforming the inputs of four tiles, with the copies of tiles that leave the image.
  private var inputCycles: Double { Double(blocks) * (4 * 2 * 138 + 36 * 4 * 2.8) + 4 * 60 }
  /// The rest for four tiles.
  private func quadCycles(_ panels: Int) -> Double {
    let output = 4 * (148 + (step.residual == nil ? 0 : 40))
    return Double(panels) * (36 * (34 * Double(blocks) + 16) + Double(output))
  }
  private var weightBytes: Double {
    Double(Winograd4.packedBytes(rows: geometry.outputChannels, channels: geometry.inputChannels))
  }

  // The workspace: planes, their corrections, sums of 16 channels, a patch.

  /// Elements from one plane to the next: a line more than it holds, so that planes do not share the cache's sets.
  var plane: Int { groupQuads * blocks * 64 + 32 }
  /// Sums of a plane.
  var sums: Int { groupQuads * 16 }
  var correctionsAt: Int { 36 * plane * 2 }
  var sumsAt: Int { correctionsAt + 36 * groupQuads * 64 }
  var patchAt: Int { sumsAt + 4 * 36 * sums * 4 }
  var sliceBytes: Int { (patchAt + 36 * blocks * 16 + 63) / 64 * 64 }
}

/// The C of a Winograd convolution.
private struct WinogradCode {
  let plan: WinogradPlan
  private var shape: ConvolutionEmission { ConvolutionEmission(plan.step) }
  private var g: ConvolutionGeometry { shape.geometry }

  var numbers: [KernelNumber] {
    [
      .varying("IN_HEIGHT", g.inputHeight), .varying("IN_WIDTH", g.inputWidth),
      .varying("IN_CHANNELS", g.inputChannels), .varying("TOP", g.padTop), .varying("LEFT", g.padLeft),
      .varying("INPUT_ZERO", shape.step.inputZeroPoint), .varying("OUT_HEIGHT", g.outputHeight),
      .varying("OUT_WIDTH", g.outputWidth), .varying("OUT_CHANNELS", g.outputChannels),
      .varying("TILES", plan.tiles), .varying("COLUMNS", plan.columns), .varying("QUADS", plan.quads),
      .varying("BANDS", plan.bands), .varying("GROUPS", plan.groups), .varying("SPLITS", plan.splits),
      .varying("SPLIT", plan.splitChannels), .varying("BLOCKS", plan.blocks), .varying("PLANE", plan.plane),
      .varying("SUMS", plan.sums), .varying("CORRECTIONS_AT", plan.correctionsAt), .varying("SUMS_AT", plan.sumsAt),
      .varying("PATCH_AT", plan.patchAt),
      .varying("WEIGHTS", plan.panels * 36 * plan.blocks * 64),
    ] + shape.requantization
  }

  /// What changes nothing is written as a number, so that no instruction is spent on it.
  var text: String {
    let r = shape.step.requantization
    return shape.pointers(workspace: true, weights: "int16_t") + """
        const kdc_winograd4_layer layer = {
            .image = {IN_HEIGHT, IN_WIDTH, IN_CHANNELS, TOP, LEFT, COLUMNS, BLOCKS, PLANE, INPUT_ZERO},
            .height = OUT_HEIGHT, .width = OUT_WIDTH, .channels = OUT_CHANNELS, .tiles = TILES, .quads = QUADS,
            .bands = BANDS, .groups = GROUPS, .splits = SPLITS, .split = SPLIT, .sums = SUMS,
            .corrections_at = CORRECTIONS_AT, .sums_at = SUMS_AT, .patch_at = PATCH_AT, .weights = WEIGHTS};
        const kdc_requantization requantization = {
            .pre_shift = \(r.preShift == 0 && shape.step.residual == nil ? "0" : "PRE_SHIFT"), .shift = SHIFT,
            .zero_point = \(r.zeroPoint == 0 ? "0" : "ZERO_POINT"), .low = \(r.low > -128 ? "LOW" : "-128"),
            .high = \(r.high < 127 ? "HIGH" : "127")\(residual)};
        kdc_winograd4_convolution(layer, requantization, input, \(shape.step.residual == nil ? "0" : "residual"), output, workspace,
                                  weights, bias, multipliers, (int32_t)begin, (int32_t)end);

      """
  }

  private var residual: String {
    shape.step.residual == nil
      ? "" : ",\n      .residual_zero = RESIDUAL_ZERO, .residual_multiplier = RESIDUAL_MULTIPLIER"
  }
}
