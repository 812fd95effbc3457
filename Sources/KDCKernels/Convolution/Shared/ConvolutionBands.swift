import KDCProgram

/// The tile of a family over `ConvolutionRuns`.
struct ConvolutionTiling {
  /// Output pixels and output channels of a tile, and products of one step of its sums.
  let pixels, channels, depth: Int
  /// C type of the elements of the image: int8_t, or int16_t where copying widens them.
  var element = "int8_t"
  var elementBytes: Int { element == "int16_t" ? 2 : 1 }
  /// C type of the weights where it is not that of the image, and whether an element holds two of them.
  var weightElement: String?
  var weightsAreInt4 = false
  /// The helper that copies rows with padding, and whether it is called even without padding.
  var copy = "kdc_pad_rows"
  var alwaysCopies = false
  /// Bytes before the weights of a panel, for each of its channels.
  var headerBytes = 0
  /// Estimated cycles of a tile; nil for those of a 4×4 tile on NEON.
  var tileCycles: Double?
  /// Bytes that the kernel keeps for each output pixel of a band.
  var pixelBytes = 0
  /// Bytes that a band's copy should not exceed; it does where even the smallest band needs more.
  var workspace = Int.max
  /// Of the first cache.
  let cacheBytes: Int
  /// Of a band's input, which leaves room for a panel of weights and what is written.
  var bandBytes: Int { cacheBytes * 5 / 8 }
}

/// How families over `ConvolutionRuns` cut a convolution into units: bands of output pixels whose input stays in the first-level
/// cache, times ranges of output channels where there are few bands.
struct ConvolutionBands {
  let step: ConvolutionStep
  var g: ConvolutionGeometry { step.geometry }
  let tiling: ConvolutionTiling

  /// Whether bands are copied, because a window leaves the image or the family wants other elements.
  let isPadded: Bool
  /// Elements from one row of the (padded) image to the next.
  let pitch: Int
  /// Output rows of a band where it is of whole rows, else 0.
  private(set) var bandRows = 0
  /// Pixels of a band; the last one has what remains, which may be more by less than a tile.
  private(set) var bandPixels = 0
  private(set) var bands = 1
  /// Ranges of output channels, each of `splitChannels`.
  private(set) var splits = 1
  private(set) var splitChannels = 0

  private static let wantedUnits = 8

  /// nil where a tile does not fit into a band. With `units` bands are of so many rows and not split by channels.
  init?(_ step: ConvolutionStep, _ tiling: ConvolutionTiling, rows units: RowUnits? = nil) {
    self.step = step
    self.tiling = tiling
    let g = step.geometry
    let neededWidth = (g.outputWidth - 1) * g.strideX + (g.kernelWidth - 1) * g.dilationX + 1
    let neededHeight = (g.outputHeight - 1) * g.strideY + (g.kernelHeight - 1) * g.dilationY + 1
    isPadded =
      tiling.alwaysCopies || g.padTop > 0 || g.padLeft > 0 || neededWidth > g.inputWidth + g.padLeft
      || neededHeight > g.inputHeight + g.padTop
    pitch = (isPadded ? neededWidth : g.inputWidth) * g.inputChannels
    let pixels = g.outputHeight * g.outputWidth
    guard pixels >= tiling.pixels else { return nil }
    let panels = (g.outputChannels + tiling.channels - 1) / tiling.channels
    if isPadded || units != nil {
      guard let rows = units?.height ?? Self.bestRows(g, pitch: pitch, tiling, panels: panels),
        Self.fits(g, rows, tiling)
      else { return nil }
      bandRows = rows
      bandPixels = rows * g.outputWidth
      bands = (g.outputHeight + rows - 1) / rows
    } else {
      let bytes = g.inputChannels * g.strideX * g.strideY + tiling.pixelBytes
      let least = max(4, tiling.pixels)
      let most = max(least, min(256, tiling.bandBytes / bytes))
      let count = (pixels + most - 1) / most
      bandPixels = ((pixels + count - 1) / count + least - 1) / least * least
      bands = (pixels + bandPixels - 1) / bandPixels
      if bands > 1, pixels - (bands - 1) * bandPixels < least { bands -= 1 }
      if bands == 1 { bandPixels = pixels }
    }
    let wanted = units != nil ? 1 : (Self.wantedUnits + bands - 1) / bands
    let panelsPerSplit = max(16 / tiling.channels, (panels + wanted - 1) / wanted)
    splits = max(1, (panels + panelsPerSplit - 1) / panelsPerSplit)
    splitChannels = panelsPerSplit * tiling.channels
  }

  /// The rows of a band with the least work: whole tiles, few rows copied twice, a copy that fits the cache.
  private static func bestRows(_ g: ConvolutionGeometry, pitch: Int, _ tiling: ConvolutionTiling, panels: Int) -> Int? {
    let taps = g.kernelHeight * g.kernelWidth * g.inputChannels / max(g.groups, 1)
    let tileCycles = (tiling.tileCycles ?? Double(taps * 2 + 24)) * Double(panels)
    var best: (rows: Int, cost: Double)?
    for rows in 1...max(1, g.outputHeight) {
      guard fits(g, rows, tiling) else { continue }
      if best != nil, sliceBytes(g, rows, pitch, tiling) > tiling.workspace { break }
      let whole = Double(g.outputHeight / rows)
      var tiles = whole * Double((rows * g.outputWidth + tiling.pixels - 1) / tiling.pixels)
      if g.outputHeight % rows > 0 {
        tiles += Double((g.outputHeight % rows * g.outputWidth + tiling.pixels - 1) / tiling.pixels)
      }
      let bytes =
        bandInputRows(g, rows) * pitch * tiling.elementBytes + rows * g.outputWidth * tiling.pixelBytes
      var cost = tiles * tileCycles + (whole + 1) * (Double(bytes) / 5 + 100)
      if bytes > tiling.bandBytes { cost *= bytes > 2 * tiling.bandBytes ? 1.1 : 1.02 }
      if best.map({ cost < $0.cost }) ?? true { best = (rows, cost) }
    }
    return best?.rows
  }

  /// Whether a tile fits into each band of `rows` rows.
  private static func fits(_ g: ConvolutionGeometry, _ rows: Int, _ tiling: ConvolutionTiling) -> Bool {
    let last = g.outputHeight - (g.outputHeight - 1) / rows * rows
    return min(rows, last) * g.outputWidth >= tiling.pixels
  }

  private static func bandInputRows(_ g: ConvolutionGeometry, _ rows: Int) -> Int {
    (rows - 1) * g.strideY + (g.kernelHeight - 1) * g.dilationY + 1
  }
  private var inputRows: Int { Self.bandInputRows(g, bandRows) }

  var units: Int { bands * splits }
  /// Bytes of the image that offsets reach over.
  var imageBytes: Int {
    max(g.inputHeight * g.inputWidth * g.inputChannels, inputRows * pitch) * 2 + g.outputHeight * g.outputWidth
      * g.outputChannels
  }
  /// A band's copy; copying writes up to 15 elements more.
  private static func sliceBytes(_ g: ConvolutionGeometry, _ rows: Int, _ pitch: Int, _ tiling: ConvolutionTiling)
    -> Int
  {
    ((bandInputRows(g, rows) * pitch + 16) * tiling.elementBytes + 63) / 64 * 64
  }
  private var sliceBytes: Int { Self.sliceBytes(g, bandRows, pitch, tiling) }
  var workspaceBytes: Int { isPadded ? sliceBytes : 0 }
  var copiedBytes: Int { isPadded ? bands * inputRows * pitch : 0 }

  /// Tiles of pixels over all bands.
  var tiles: Int {
    let pixels = g.outputHeight * g.outputWidth
    let last = pixels - (bands - 1) * bandPixels
    return (bands - 1) * ((bandPixels + tiling.pixels - 1) / tiling.pixels) + (last + tiling.pixels - 1) / tiling.pixels
  }

  /// Whether the windows of consecutive pixels lie inputChannels bytes apart.
  var isDense: Bool { !isPadded && g.isPointwise && g.inputWidth == g.outputWidth }

  /// Whether there is one output pixel, as in fully connected layers, and nothing to keep for it.
  private var isSingle: Bool {
    isDense && g.groups == 1 && g.outputHeight * g.outputWidth == 1 && tiling.pixels == 1 && tiling.pixelBytes == 0
  }

  var constants: [KernelNumber] {
    if isSingle { return [.varying("OUT_CHANNELS", g.outputChannels), .varying("SPLIT", splitChannels)] }
    var list: [KernelNumber] = [
      .varying("PIXELS", g.outputHeight * g.outputWidth), .varying("IN_CHANNELS", g.inputChannels),
      .varying("OUT_CHANNELS", g.outputChannels),
      .varying("BANDS", bands), .varying("BAND", bandPixels), .varying("SPLITS", splits),
      .varying("SPLIT", splitChannels),
    ]
    if !isDense {
      list += [
        .most("OFFSETS", bandPixels + max(4, tiling.pixels)), .varying("OUT_WIDTH", g.outputWidth),
        .varying("ROW_STEP", g.strideY * pitch), .varying("COLUMN_STEP", g.strideX * g.inputChannels),
      ]
    }
    if isPadded {
      list += [
        .varying("IN_HEIGHT", g.inputHeight), .varying("ROW_BYTES", g.inputWidth * g.inputChannels),
        .varying("COPIED_BYTES", min(g.inputWidth * g.inputChannels, pitch - g.padLeft * g.inputChannels)),
        .varying("LEFT_BYTES", g.padLeft * g.inputChannels), .varying("PITCH", pitch),
        .varying("COPY_ROWS", inputRows),
        .varying("BAND_STEP", bandRows * g.strideY), .varying("TOP", g.padTop),
        .varying("INPUT_ZERO", step.inputZeroPoint),
      ]
    }
    if g.groups > 1 {
      list += [.varying("GROUP_IN", g.inputChannels / g.groups), .varying("GROUP_OUT", g.outputChannels / g.groups)]
    }
    return list
  }

  /// The loops over units, panels of channels and tiles of pixels. `before` stands before a band's first panel, `panel`
  /// in place of the declaration of a panel's weights, `perPanel` before the tiles of a panel, `after` behind them.
  func loops(around tile: String, before: String = "", panel: String? = nil, perPanel: String = "", after: String = "")
    -> String
  {
    let element = tiling.element
    if isSingle { return singleLoops(around: tile, perPanel: perPanel, after: after) }
    var text = isPadded ? "  const \(element) *image = 0;\n" : ""
    text += "  for (int32_t unit = (int32_t)begin; unit < (int32_t)end; unit++) {\n"
    text += "    const int32_t band = unit / SPLITS;\n"
    text += "    const int32_t first = band * BAND, count = band < BANDS - 1 ? BAND : PIXELS - first;\n"
    text +=
      "    const int32_t n0 = unit % SPLITS * SPLIT, n1 = n0 + SPLIT < OUT_CHANNELS ? n0 + SPLIT : OUT_CHANNELS;\n"
    if isPadded {
      let fill =
        "\(tiling.copy)(slice, input, band * BAND_STEP - TOP, COPY_ROWS, IN_HEIGHT, ROW_BYTES, COPIED_BYTES, LEFT_BYTES, PITCH, INPUT_ZERO);\n"
      text +=
        "    if (unit == (int32_t)begin || n0 == 0) {\n      \(element) *slice = (\(element) *)(void *)workspace;\n"
      text += "      \(fill)      image = slice;\n    }\n"
    } else if isDense {
      text += "    const int8_t *image = input + (ptrdiff_t)first * IN_CHANNELS;\n"
    } else {
      text += "    const int8_t *image = input;\n"
    }
    if !isDense {
      let start = isPadded ? "y = 0, x = 0" : "y = first / OUT_WIDTH, x = first % OUT_WIDTH"
      text += """
            int32_t offset[OFFSETS];
            for (int32_t i = 0, \(start); i < count; i++) {
              offset[i] = y * ROW_STEP + x * COLUMN_STEP;
              if (++x == OUT_WIDTH) x = 0, y++;
            }

        """
    }
    if !before.isEmpty {
      text += "    if (unit == (int32_t)begin || n0 == 0) {\n" + indented(before, 3) + "    }\n"
    }
    text += "    for (int32_t n = n0; n < n1; n += \(tiling.channels)) {\n"
    text +=
      panel.map { indented($0, 3) }
      ?? indented(ownPanel, 3)
    let base = g.groups > 1 ? "group" : "image"
    if g.groups > 1 { text += "      const \(element) *group = image + n / GROUP_OUT * GROUP_IN;\n" }
    text += indented(perPanel, 3)
    if tiling.pixels > 1 {
      let last = "count - \(tiling.pixels)"
      text += "      for (int32_t tile = 0; tile < count; tile += \(tiling.pixels)) {\n"
      text += "        const int32_t p = tile < \(last) ? tile : \(last);  // the last tile overlaps the one before\n"
    } else {
      text += "      for (int32_t p = 0; p < count; p++) {\n"
    }
    text += "        const ptrdiff_t at = (ptrdiff_t)(first + p) * OUT_CHANNELS + n;\n"
    let places = (0..<tiling.pixels).map { m in
      let index = m == 0 ? "p" : "p + \(m)"
      return isDense
        ? "\(base) + \(m == 0 ? "p" : "(\(index))") * IN_CHANNELS" : "\(base) + offset[\(index)]"
    }
    text += "        const \(element) *a[\(tiling.pixels)] = {\(places.joined(separator: ", "))};\n"
    return text + indented(tile, 4) + "      }\n" + indented(after, 3) + "    }\n  }"
  }

  /// A panel's weights where the family does not place them itself.
  private var ownPanel: String {
    let depth = tiling.weightsAreInt4 ? tiling.depth / 2 : tiling.depth
    let header = tiling.headerBytes > 0 ? " + \(tiling.headerBytes)" : ""
    return "const \(tiling.weightElement ?? tiling.element) *panel = "
      + "weights + (ptrdiff_t)n * (\(depth) * RUN_BLOCKS\(runFactor)\(header));\n"
  }

  /// The loops over units and panels of channels of one pixel.
  private func singleLoops(around tile: String, perPanel: String, after: String) -> String {
    let lines = ownPanel + perPanel + "const ptrdiff_t at = n;\nconst int8_t *a[1] = {input};\n" + tile + after
    return """
        for (int32_t unit = (int32_t)begin; unit < (int32_t)end; unit++) {
          const int32_t n0 = unit * SPLIT, n1 = n0 + SPLIT < OUT_CHANNELS ? n0 + SPLIT : OUT_CHANNELS;
          for (int32_t n = n0; n < n1; n += \(tiling.channels)) {
      \(indented(lines, 3))    }
        }
      """
  }

  private var runFactor: String {
    let runs = ConvolutionRuns(g)
    return (runs.rows > 1 ? " * RUN_ROWS" : "") + (runs.columns > 1 ? " * RUN_COLUMNS" : "")
  }
}
