import KDCProgram

/// What kernels of windows share.
enum PoolText {
  /// The geometry as named constants.
  static func sizes(_ g: ConvolutionGeometry) -> String {
    """
    enum { IN_H = \(g.inputHeight), IN_W = \(g.inputWidth), C = \(g.inputChannels), OUT_W = \(g.outputWidth) };
    enum { K_H = \(g.kernelHeight), K_W = \(g.kernelWidth), STRIDE_Y = \(g.strideY), STRIDE_X = \(g.strideX) };
    enum { DILATION_Y = \(g.dilationY), DILATION_X = \(g.dilationX), TOP = \(g.padTop), LEFT = \(g.padLeft) };
    """
  }

  static func taps(_ g: ConvolutionGeometry) -> Double {
    Double(g.outputHeight * g.outputWidth * g.outputChannels * g.kernelHeight * g.kernelWidth)
  }

  /// All channels of a pixel in vectors of 16 and 8 from channel i on; the last one overlaps.
  static func channelLoop(_ g: ConvolutionGeometry, _ body: (Int) -> String) -> String {
    let channels = g.inputChannels
    var text = ""
    if channels >= 16 {
      text += "for (size_t i = 0; i + 16 <= C; i += 16) {\n\(CText.indented(body(16)))\n}\n"
    }
    let rest = channels % 16
    if rest > 8 && channels >= 16 {
      text += "{\n  const size_t i = C - 16;\n\(CText.indented(body(16)))\n}\n"
    } else if rest > 0 {
      if rest > 8 { text += "{\n  const size_t i = 0;\n\(CText.indented(body(8)))\n}\n" }
      text += "{\n  const size_t i = C - 8;\n\(CText.indented(body(8)))\n}\n"
    }
    return String(text.dropLast())
  }

  static func pixels(_ g: ConvolutionGeometry) -> Double { Double(g.outputHeight * g.outputWidth) }
  static func blocks(_ g: ConvolutionGeometry) -> Double { Double((g.inputChannels + 15) / 16) }
}
