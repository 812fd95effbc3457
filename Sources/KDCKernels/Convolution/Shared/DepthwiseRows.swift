import KDCProgram

/// How depthwise kernels walk over the rows: bands of output rows as units, and in each a ring of padded input rows
/// where windows leave the image, or where a chain gives one.
struct DepthwiseRows {
  let step: ConvolutionStep
  var g: ConvolutionGeometry { step.geometry }
  /// Whether the kernel copies rows into a ring of its own.
  let copies: Bool
  /// The ring that is the input.
  let given: RowRing?
  /// Bytes from one (padded) row to the next.
  let pitch: Int
  let bandRows: Int
  /// The helper that copies rows with padding. kdc_widen_rows also widens to int16, and kdc_quads_row makes quads of
  /// columns, so that they copy all rows.
  let copy: String
  private var widens: Bool { copy == "kdc_widen_rows" }
  private var makesQuads: Bool { copy == "kdc_quads_row" }
  private var element: String { widens ? "int16_t" : makesQuads ? "uint8_t" : "int8_t" }
  /// Quads of columns in a row, one for each even column that a window's quads start at.
  var quads: Int {
    let pairs = g.strideX == 1 ? (g.outputWidth + 1) / 2 : g.outputWidth
    let inWindow = g.strideX == 1 ? g.kernelWidth / 4 + 1 : (g.kernelWidth + 3) / 4
    return pairs + 2 * (inWindow - 1)
  }

  init(_ step: ConvolutionStep, copy: String = "kdc_pad_rows", units: RowUnits? = nil) throws(Refusal) {
    guard step.geometry.isDepthwise else { throw Refusal("not one output channel for each input channel") }
    self.step = step
    self.copy = copy
    given = units?.ring
    let g = step.geometry
    let neededWidth = (g.outputWidth - 1) * g.strideX + (g.kernelWidth - 1) * g.dilationX + 1
    let neededHeight = (g.outputHeight - 1) * g.strideY + (g.kernelHeight - 1) * g.dilationY + 1
    copies =
      given == nil
      && (copy != "kdc_pad_rows" || g.padTop > 0 || g.padLeft > 0 || neededWidth > g.inputWidth
        || neededHeight > g.inputHeight)
    pitch = (copies ? neededWidth : g.inputWidth) * g.inputChannels
    // Rows that two bands need are copied twice, quads of them made twice.
    let bands = copy == "kdc_quads_row" ? max(1, min(4, g.outputHeight / 4)) : g.outputHeight < 32 ? 4 : 8
    bandRows = units?.height ?? max(1, (g.outputHeight + bands - 1) / bands)
    guard ringBytes < 1 << 28 else { throw Refusal("rows are too long") }
  }

  var units: Int { (g.outputHeight + bandRows - 1) / bandRows }
  private var ringRows: Int { given?.rows ?? (g.kernelHeight - 1) * g.dilationY + 1 }
  /// Elements from one row of the ring to the next: copying writes up to 15 past a row.
  private var slot: Int {
    given?.slotBytes ?? (makesQuads ? (g.inputChannels + 15) / 16 * quads * 64 : (pitch + 15 + 15) / 16 * 16)
  }
  /// Of the ring, which serves one unit after the other.
  var ringBytes: Int { (ringRows * slot * (widens ? 2 : 1) + 63) / 64 * 64 }
  var workspaceBytes: Int { copies ? ringBytes : 0 }
  /// Bands copy anew what they share.
  var copiedBytes: Int {
    copies ? (units * (ringRows - g.strideY) + g.outputHeight * g.strideY) * g.inputWidth * g.inputChannels : 0
  }

  var constants: [KernelNumber] {
    var list: [KernelNumber] = [
      .varying("CHANNELS", g.inputChannels), .varying("OUT_HEIGHT", g.outputHeight),
      .varying("OUT_WIDTH", g.outputWidth), .varying("BAND", bandRows),
      .fixed("RING_TAPS", g.kernelHeight), .varying("STEP", g.strideX * g.inputChannels),
      .varying("STRIDE_Y", g.strideY),
      .varying("DILATION_Y", g.dilationY), .varying("PITCH", pitch),
    ]
    if copies || given != nil { list += [.varying("RING", ringRows), .varying("SLOT", slot)] }
    if copies {
      list += [
        .varying("IN_HEIGHT", g.inputHeight), .varying("TOP", g.padTop), .varying("INPUT_ZERO", step.inputZeroPoint),
      ]
    }
    if makesQuads {
      list += [.varying("IN_WIDTH", g.inputWidth), .varying("LEFT", g.padLeft), .varying("QUADS", quads)]
    } else if copies {
      list += [
        .varying("ROW_BYTES", g.inputWidth * g.inputChannels),
        .varying("COPIED_BYTES", min(g.inputWidth * g.inputChannels, pitch - g.padLeft * g.inputChannels)),
        .varying("LEFT_BYTES", g.padLeft * g.inputChannels),
      ]
    }
    return list
  }

  /// The loops over units and output rows; `row[]` points to the rows of the window.
  func loops(around text: String) -> String {
    var lines = "  for (int32_t unit = (int32_t)begin; unit < (int32_t)end; unit++) {\n"
    lines += "    const int32_t y0 = unit * BAND, y1 = y0 + BAND < OUT_HEIGHT ? y0 + BAND : OUT_HEIGHT;\n"
    if copies {
      lines += "    \(element) *ring = (\(element) *)(void *)workspace;\n"
      lines += "    int32_t ready = y0 * STRIDE_Y;  // padded rows before this one are in the ring\n"
    }
    lines += "    for (int32_t y = y0; y < y1; y++) {\n"
    if copies {
      lines += "      for (; ready < y * STRIDE_Y + RING; ready++)\n"
      lines +=
        makesQuads
        ? "        \(copy)(ring + ready % RING * SLOT, input, ready - TOP, IN_HEIGHT, IN_WIDTH, CHANNELS, LEFT, QUADS, INPUT_ZERO);\n"
        : "        \(copy)(ring + ready % RING * SLOT, input, ready - TOP, 1, IN_HEIGHT, ROW_BYTES, COPIED_BYTES, LEFT_BYTES, PITCH, INPUT_ZERO);\n"
    }
    lines += "      const \(element) *row[RING_TAPS];\n      for (int32_t ky = 0; ky < RING_TAPS; ky++)\n"
    lines +=
      copies || given != nil
      ? "        row[ky] = \(copies ? "ring" : "input") + (y * STRIDE_Y + ky * DILATION_Y) % RING * SLOT;\n"
      : "        row[ky] = input + (ptrdiff_t)(y * STRIDE_Y + ky * DILATION_Y) * PITCH;\n"
    lines += "      const ptrdiff_t row_at = (ptrdiff_t)y * OUT_WIDTH * CHANNELS;\n"
    return lines + indented(text, 3) + "    }\n  }"
  }
}
