import KDCProgram

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

extension ConvolutionBands {
  /// Constants of the loops over runs, with the number of steps that a run's sums take.
  func runConstants(blocks: Int) -> [KernelNumber] {
    let runs = ConvolutionRuns(g)
    var list: [KernelNumber] = [.varying("RUN_BLOCKS", blocks)]
    if runs.rows > 1 { list += [.varying("RUN_ROWS", runs.rows), .varying("RUN_ROW_STEP", g.dilationY * pitch)] }
    if runs.columns > 1 {
      list += [.varying("RUN_COLUMNS", runs.columns), .varying("RUN_COLUMN_STEP", g.dilationX * g.inputChannels)]
    }
    return list
  }

  /// The loops over runs around the C of one run at `a[]`, which moves its own pointer to the weights on; `pixels` is
  /// the length of `a[]`.
  func overRuns(_ run: String, pixels: String) -> String {
    let runs = ConvolutionRuns(g)
    let each = "KDC_UNROLL for (int m = 0; m < \(pixels); m++)"
    var body = run
    if runs.columns > 1 {
      body =
        "for (int32_t kx = 0; kx < RUN_COLUMNS; kx++) {\n" + indented(body, 1)
        + "  \(each) a[m] += RUN_COLUMN_STEP;\n}\n"
      if runs.rows > 1 { body += "\(each) a[m] += RUN_ROW_STEP - RUN_COLUMNS * RUN_COLUMN_STEP;\n" }
    } else if runs.rows > 1 {
      body += "\(each) a[m] += RUN_ROW_STEP;\n"
    }
    return runs.rows > 1 ? "for (int32_t ky = 0; ky < RUN_ROWS; ky++) {\n" + indented(body, 1) + "}\n" : body
  }
}

/// A convolution over runs, cut into bands, for tiles of one size.
struct ConvolutionRunsPlan {
  let shape: ConvolutionEmission
  let bands: ConvolutionBands
  /// The least cycles that it takes to read the weights.
  let streaming: Double
}

extension ConvolutionGeometry {
  /// Refuses weights that should not stay two a byte in memory.
  func requireInt4(isInt4: Bool) throws(Refusal) {
    if !isInt4 { throw Refusal("the weights have 8 bits") }
    if outputHeight * outputWidth >= 4 {
      throw Refusal("every weight is used for several pixels: unpacked once, at load")
    }
  }
}
