import KDCProgram
import KDCTargets

/// Portable C for `FloatConvolutionStep`: tiles of 4 pixels × 16 output channels, whose sums stay in registers; the lanes
/// are channels, so that each sum keeps the order of the formula.
struct FloatConvolutionTiles: KernelFamily {
  let name = "float_convolution_tiles"

  struct Plan {
    let step: FloatConvolutionStep
    /// The least cycles that it takes to read the weights.
    let streaming: Double
  }

  func plan(_ step: FloatConvolutionStep, in program: Program, on target: Target) throws(Refusal) -> Plan {
    let g = step.geometry
    let weights = Double(g.outputChannels * g.kernelHeight * g.kernelWidth * (g.inputChannels / g.groups) * 4)
    return Plan(step: step, streaming: target.streamingCycles(weights))
  }

  func cycles(_ plan: Plan) -> Double {
    let g = plan.step.geometry
    let lanes = min(g.outputChannels / max(g.groups, 1), 16)
    let products = Double(g.macs) * (g.isDepthwise || lanes >= 4 ? 0.45 : 2)
    return max(products + Double(g.outputHeight * g.outputWidth * g.outputChannels) * 2, plan.streaming)
  }

  func emit(_ plan: Plan) -> KernelCode { FloatConvolutionText(plan.step).code }
}

private struct FloatConvolutionText {
  let step: FloatConvolutionStep
  let g: ConvolutionGeometry
  /// Pixels and lanes of a tile.
  static let pixels = 4
  static let lanes = 16
  /// Pixels of a unit where the image is one row of pixels.
  static let chunk = 32

  /// A pointwise layer is one row of pixels, whatever the image's shape.
  let isRow: Bool
  let width: Int

  init(_ step: FloatConvolutionStep) {
    self.step = step
    g = step.geometry
    isRow = g.isPointwise
    width = isRow ? g.outputHeight * g.outputWidth : g.outputWidth
  }

  var isDepthwise: Bool { g.isDepthwise }
  var groupInputs: Int { g.inputChannels / g.groups }
  var groupOutputs: Int { g.outputChannels / g.groups }
  /// One pixel: the units are blocks of channels.
  var isVector: Bool { isRow && width == 1 }

  var code: KernelCode {
    let activation = CFloatFunction.expression(step.activation, of: "v")
    let inputWidth = isRow ? g.inputHeight * g.inputWidth : g.inputWidth
    var text = """
      enum { IN_H = \(isRow ? 1 : g.inputHeight), IN_W = \(inputWidth), IN_C = \(g.inputChannels), OUT_W = \(width) };
      enum { OUT_C = \(g.outputChannels), GROUP_IN = \(groupInputs), GROUP_OUT = \(groupOutputs), GROUPS = \(g.groups) };
      enum { K_H = \(g.kernelHeight), K_W = \(g.kernelWidth), STRIDE_Y = \(g.strideY), STRIDE_X = \(g.strideX) };
      enum { DILATION_Y = \(g.dilationY), DILATION_X = \(g.dilationX), TOP = \(g.padTop), LEFT = \(g.padLeft) };
      const float *x = b[0];
      \(step.residual == nil ? "" : "const float *residual = b[1];\n")float *y = b[\(step.reads.count)];
      const float *w = c[0], *bias = c[1];

      """
    let units: Int
    if isVector && !isDepthwise && g.groups == 1 {
      units = (g.outputChannels + Self.lanes - 1) / Self.lanes
      text += """
        const int oy = 0, ox = 0, g = 0;
        const int last = (int)end * 16 < OUT_C ? (int)end * 16 : OUT_C;
        int n = (int)begin * 16;
        for (; n + 16 <= last; n += 16) {
        \(CText.indented(tile(1, Self.lanes, activation)))
        }

        """
      let rest = g.outputChannels % Self.lanes
      if rest > 0 { text += "if (n < last) {\n\(CText.indented(tile(1, rest, activation)))\n}\n" }
    } else if isRow {
      units = (width + Self.chunk - 1) / Self.chunk
      text += """
        const int oy = 0;
        const int last = (int)end * \(Self.chunk) < OUT_W ? (int)end * \(Self.chunk) : OUT_W;
        int ox = (int)begin * \(Self.chunk);
        \(pixelLoops(activation))
        """
    } else {
      units = g.outputHeight
      text += """
        for (int oy = (int)begin; oy < (int)end; oy++) {
          const int last = OUT_W;
          int ox = 0;
        \(CText.indented(pixelLoops(activation)))
        }
        """
    }
    return KernelCode(body: text, units: units, packings: [.plain, .plain])
  }

  /// Tiles of whole width, then single pixels.
  private func pixelLoops(_ activation: String) -> String {
    var text = ""
    if width >= Self.pixels {
      text += "for (; ox + \(Self.pixels) <= last; ox += \(Self.pixels)) {\n"
      text += CText.indented(channelLoops(Self.pixels, activation)) + "\n}\n"
    }
    return text + "for (; ox < last; ox++) {\n" + CText.indented(channelLoops(1, activation)) + "\n}"
  }

  private func channelLoops(_ pixels: Int, _ activation: String) -> String {
    let count = isDepthwise ? g.outputChannels : groupOutputs
    let rest = count % Self.lanes
    var text = isDepthwise ? "const int g = 0;\n(void)g;\n" : "for (int g = 0; g < GROUPS; g++) {\n"
    let start = isDepthwise ? "0" : "g * GROUP_OUT"
    let end = isDepthwise ? "OUT_C" : "(g + 1) * GROUP_OUT"
    var inner = "int n = \(start);\n"
    if count >= Self.lanes {
      inner += "for (; n + 16 <= \(end); n += 16) {\n\(CText.indented(tile(pixels, Self.lanes, activation)))\n}\n"
    }
    if rest > 0 { inner += "{\n\(CText.indented(tile(pixels, rest, activation)))\n}\n" }
    if isDepthwise { return text + inner.dropLast() }
    text += CText.indented(String(inner.dropLast())) + "\n}"
    return text
  }

  /// Whether the last windows reach over the right or the lower edge.
  private var leavesImage: Bool {
    (g.outputHeight - 1) * g.strideY + (g.kernelHeight - 1) * g.dilationY >= g.inputHeight + g.padTop
      || (g.outputWidth - 1) * g.strideX + (g.kernelWidth - 1) * g.dilationX >= g.inputWidth + g.padLeft
  }

  /// One tile at (oy, ox) and channels n ..< n + lanes.
  private func tile(_ pixels: Int, _ lanes: Int, _ activation: String) -> String {
    let unroll = "#pragma clang loop unroll(full)\n"
    func accumulate(_ body: String) -> String {
      isDepthwise
        ? body : "for (int i = 0; i < GROUP_IN; i++) {\n\(CText.indented(body))\n}"
    }
    let weight = isDepthwise ? "t[l]" : "t[(size_t)i * OUT_C + (size_t)l]"
    func factor(_ p: String) -> String {
      isDepthwise ? "s[\(p) * STRIDE_X * IN_C + l]" : "s[\(p) * STRIDE_X * IN_C + i]"
    }
    let all = accumulate(
      """
      \(unroll)for (int p = 0; p < \(pixels); p++) {
        \(unroll)  for (int l = 0; l < \(lanes); l++) acc[p][l] = __builtin_fmaf(\(factor("p")), \(weight), acc[p][l]);
      }
      """)
    let one = accumulate(
      """
      \(unroll)for (int l = 0; l < \(lanes); l++)
        acc[p][l] = __builtin_fmaf(isInside ? \(factor("p")) : 0.0f, \(weight), acc[p][l]);
      """)
    let isEdged = g.padTop > 0 || g.padLeft > 0 || leavesImage
    let edge =
      !isEdged
      ? ""
      : """
       else {
        for (int p = 0; p < \(pixels); p++) {
          const int isInside = isRow && ix + p * STRIDE_X >= 0 && ix + p * STRIDE_X < IN_W;
      \(CText.indented(one, by: 4))
        }
      }
      """
    let row = isEdged ? "const int isRow = iy >= 0 && iy < IN_H;\n        " : ""
    let inside = isEdged ? "if (isRow && ix >= 0 && ix + \(pixels - 1) * STRIDE_X < IN_W) " : ""
    return """
      float acc[\(pixels)][\(lanes)];
      \(unroll)for (int p = 0; p < \(pixels); p++) {
        \(unroll)  for (int l = 0; l < \(lanes); l++) acc[p][l] = bias[n + l];
      }
      for (int ky = 0; ky < K_H; ky++) {
        const int iy = oy * STRIDE_Y + ky * DILATION_Y - TOP;
        \(row)for (int kx = 0; kx < K_W; kx++) {
          const int ix = ox * STRIDE_X + kx * DILATION_X - LEFT;
          const float *s = x + ((ptrdiff_t)iy * IN_W + ix) * IN_C + \(isDepthwise ? "n" : "g * GROUP_IN");
          const float *t = w + (size_t)(ky * K_W + kx) * GROUP_IN * OUT_C + (size_t)n;
          \(inside){
      \(CText.indented(all, by: 6))
          }\(CText.indented(edge, by: 4).drop { $0 == " " }.isEmpty ? "" : " " + CText.indented(edge, by: 4).drop { $0 == " " })
        }
      }
      \(unroll)for (int p = 0; p < \(pixels); p++) {
        const size_t at = ((size_t)oy * OUT_W + (size_t)(ox + p)) * OUT_C + (size_t)n;
        \(unroll)  for (int l = 0; l < \(lanes); l++) {
          const float v = acc[p][l]\(step.residual == nil ? "" : " + residual[at + (size_t)l]");
          y[at + (size_t)l] = \(activation);
        }
      }
      """
  }
}
