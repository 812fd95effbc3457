import KDCProgram
import KDCTargets

/// Integer convolutions of few 7-bit values a window by 7-bit weights on NEON: lanes are output channels, 16 to 48 for
/// one output pixel at a time, so that nothing is added across lanes (`PairedColumns`).
///
/// Lanes of 16 bits start from −Σ w·w′ of a part of the pairs, which lies before the part's weights, less Σ a·a′ of the
/// part, found once for each output pixel of a band. What they hold in the end is Σ a·w: a part has as many pairs as the
/// weights allow. Reads up to 15 bytes past a run.
struct ConvolutionPairedColumnsNeon: RowFamily, WorkspaceFamily {
  let name = "conv_paired_columns_neon"
  var rows: RowUnits?
  var workspace = Int.max

  /// Windows with more values are better served by tiles along the values.
  private static let mostValues = 48

  struct Plan {
    let shape: ConvolutionEmission
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

  func plan(_ step: ConvolutionStep, in program: Program, on target: Target) throws(Refusal) -> Plan {
    try target.require(.neon)
    let g = step.geometry
    if g.isDepthwise { throw Refusal.depthwise }
    let runs = ConvolutionRuns(g)
    guard g.groups == 1, runs.columns == 1 else { throw Refusal("rows of the window are not contiguous") }
    let pairs = PairedColumns(runs: runs.rows, length: runs.length)
    guard pairs.count > 0, runs.rows * runs.length <= Self.mostValues, pairs.length <= 48 else {
      throw Refusal("more than \(Self.mostValues) values a window")
    }
    guard g.outputChannels >= 8 else { throw Refusal("fewer than 8 output channels") }
    let (a, weights) = try PairedPlan.narrow(step, in: program)
    let part = Self.part(pairs, weights, rows: g.outputChannels, values: a)
    guard let part else { throw Refusal("sums of 4 pairs can leave int16") }
    let sixteens = (g.outputChannels + 15) / 16
    let vectors = [3, 2, 1].first { sixteens % $0 == 0 } ?? 1
    let parts = (pairs.count + part - 1) / part
    let tiling = ConvolutionTiling(
      pixels: 1, channels: vectors * 16, depth: 1, pixelBytes: parts * 2, workspace: workspace,
      cacheBytes: target.caches.l1Bytes)
    guard let bands = ConvolutionBands(step, tiling, rows: rows), bands.imageBytes < 1 << 30 else {
      throw Refusal.largeImage
    }
    return Plan(shape: ConvolutionEmission(step), pairs: pairs, part: part, vectors: vectors, bands: bands)
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

  func cycles(_ plan: Plan) -> Double {
    let g = plan.shape.geometry
    let vectors = Double(plan.vectors)
    let pairs = Double(plan.pairs.count)
    let single = plan.pairs.hasSingle ? 2 * vectors + 0.5 : 0
    let tile = pairs * (2 * vectors + 1) + single + Double(plan.parts) * vectors * 3 + vectors * 12 + 6
    let tiles = Double(g.outputHeight * g.outputWidth)
    let panels = Double((g.outputChannels + plan.vectors * 16 - 1) / (plan.vectors * 16))
    let starts = tiles * (pairs / 4 + Double(plan.parts) * 6) * Double(plan.bands.splits)
    return tiles * panels * tile + starts + Double(plan.bands.copiedBytes) / 5 + Double(plan.bands.units) * 60
  }

  func emit(_ plan: Plan) -> KernelCode {
    let shape = plan.shape
    let tile = PairedColumnsTile(plan: plan)
    return KernelCode(
      numbers: plan.bands.constants + tile.constants + shape.requantization,
      body: shape.pointers(workspace: plan.bands.isPadded) + tile.declaration
        + plan.bands.loops(around: tile.text, before: tile.starts, panel: tile.panel),
      units: plan.bands.units, workspaceBytes: plan.bands.workspaceBytes,
      packings: [
        .pairedColumns(
          rows: shape.geometry.outputChannels, runs: plan.pairs.runs, length: plan.pairs.length,
          nr: plan.vectors * 16, part: plan.part), .plain, .plain,
      ])
  }
}

/// The C: the sums of a·a′ of every pixel and part, and one tile of a pixel by some
/// vectors of 16 channels. Expects `a[0]`, `panel`, `n` (first channel), `p` (pixel of the band) and `at`.
private struct PairedColumnsTile {
  let plan: ConvolutionPairedColumnsNeon.Plan
  private var shape: ConvolutionEmission { plan.shape }
  private var pairs: PairedColumns { plan.pairs }
  private var epilogue: NeonRequantization { NeonRequantization(step: shape.step) }

  var constants: [KernelNumber] {
    var list: [KernelNumber] = [
      .most("START_SIZE", (plan.bands.bandPixels + 4) * plan.parts),
      .fixed("PARTS", plan.parts), .fixed("VECTORS", plan.vectors),
      .varying("PANEL", PairedColumns.panelBytes(pairs, nr: plan.vectors * 16, part: plan.part)),
    ]
    if pairs.runs > 1 { list.append(.varying("RUN_STEP", shape.geometry.dilationY * plan.bands.pitch)) }
    return list
  }

  /// Before the loops over units.
  var declaration: String { "  int16_t start[START_SIZE];  // sums of a·a′\n" }

  private func place(_ index: Int) -> String {
    let (run, column) = (index / pairs.length, index % pairs.length)
    return "a" + (run == 0 ? "" : run == 1 ? " + RUN_STEP" : " + \(run) * RUN_STEP")
      + (column == 0 ? "" : " + \(column)")
  }

  /// For the pixels of a band.
  var starts: String {
    let window = plan.bands.isDense ? "image + i * IN_CHANNELS" : "image + offset[i]"
    var text = "for (int32_t i = 0; i < count; i++) {\n  const int8_t *a = \(window);\n"
    for part in 0..<plan.parts {
      let last = min((part + 1) * plan.part, pairs.count)
      text += "  {\n    int16x8_t s = vdupq_n_s16(0);\n"
      var index = part * plan.part
      while index < last {
        let (i, j) = pairs.pair(index)
        // Pairs whose values follow each other in both runs.
        var count = 1
        while index + count < last, count < 8, pairs.pair(index + count) == (i + count, j + count),
          (i + count) / pairs.length == i / pairs.length
        {
          count += 1
        }
        let mask = count == 8 ? "" : "0x" + String(repeating: "ff", count: count) + "u"
        let first = "vld1_s8(\(place(i)))"
        let kept = mask.isEmpty ? first : "vand_s8(\(first), vcreate_s8(\(mask)ll))"
        text += "    s = vmlal_s8(s, \(kept), vld1_s8(\(place(j))));\n"
        index += count
      }
      text += "    start[i * PARTS\(part == 0 ? "" : " + \(part)")] = vaddvq_s16(s);\n  }\n"
    }
    return text + "}\n"
  }

  var panel: String { "const int8_t *panel = weights + (ptrdiff_t)(n / (16 * VECTORS)) * PANEL;\n" }

  /// The value of an index in all lanes.
  private func lanes(_ index: Int) -> String {
    let (run, column) = (index / pairs.length, index % pairs.length)
    return "vdupq_laneq_s8(x[\(run * plan.runVectors + column / 16)], \(column % 16))"
  }

  private var sums: String {
    let nr = plan.vectors * 16
    let count = pairs.runs * plan.runVectors
    var text = "int8x16_t x[\(count)];\n"
    for run in 0..<pairs.runs {
      for vector in 0..<plan.runVectors {
        let row = run == 0 ? "" : run == 1 ? " + RUN_STEP" : " + \(run) * RUN_STEP"
        text +=
          "x[\(run * plan.runVectors + vector)] = vld1q_s8(a[0]\(row)\(vector == 0 ? "" : " + \(vector * 16)"));\n"
      }
    }
    text += "int32x4_t t[4 * VECTORS];\n"
    text += "KDC_UNROLL for (int i = 0; i < 4 * VECTORS; i++) t[i] = vld1q_s32(bias + n + 4 * i);\n"
    var to = 0
    for part in 0..<plan.parts {
      let first = part * plan.part
      let last = min(first + plan.part, pairs.count)
      text += "{\n  int16x8_t s[2 * VECTORS];\n"
      text +=
        "  kdc_columns_begin(s, panel\(to == 0 ? "" : " + \(to)"), start[p * PARTS\(part == 0 ? "" : " + \(part)")], VECTORS);\n"
      to += nr * 2
      for index in first..<last {
        let (i, j) = pairs.pair(index)
        text += "  kdc_columns(s, \(lanes(i)), \(lanes(j)), panel + \(to), VECTORS);\n"
        to += nr * 2
      }
      if part == plan.parts - 1, pairs.hasSingle {
        text += "  kdc_columns_single(s, \(lanes(pairs.singleIndex)), panel + \(to), VECTORS);\n"
      }
      text += "  KDC_UNROLL for (int i = 0; i < 2 * VECTORS; i++) {\n"
      text += "    t[2 * i] = vaddw_s16(t[2 * i], vget_low_s16(s[i]));\n"
      text += "    t[2 * i + 1] = vaddw_high_s16(t[2 * i + 1], s[i]);\n  }\n}\n"
    }
    return text
  }

  var text: String {
    let tail = shape.geometry.outputChannels % 16
    var body = epilogue.sixteen(sums: "s", multipliers: "multipliers + n + 16 * v", at: "at + 16 * v")
    body = "int32x4_t s[4] = {t[4 * v], t[4 * v + 1], t[4 * v + 2], t[4 * v + 3]};\n" + body
    if tail == 0 {
      body += "vst1q_s8(output + at + 16 * v, values);\n"
    } else {
      body +=
        "if (n + 16 * v + 16 <= OUT_CHANNELS) {\n  vst1q_s8(output + at + 16 * v, values);\n} else {\n"
        + "  int8_t some[16];\n  vst1q_s8(some, values);\n"
        + "  for (int32_t i = 0; i < \(tail); i++) output[at + 16 * v + i] = some[i];\n}\n"
    }
    return sums + "KDC_UNROLL for (int v = 0; v < VECTORS; v++) {\n" + indented(body, 1) + "}\n"
  }
}
