/// Integer convolution, NHWC, any groups, strides and dilations; a fully connected layer is the 1×1 case on [1,M,1,K].
///
///     acc[n] = bias[n] + Σ_{ky,kx,i} x[oy·sy + ky·dy − top, ox·sx + kx·dx − left, g·I + i] · w[n,ky,kx,i]
///
/// where x reads `inputZeroPoint` outside the input; the constant `bias` (int32) already holds −inputZeroPoint·Σw.
/// Then `requantization` with `multipliers[n]`. With a residual (same shape as the output), between rdmulh and the shift:
///
///     h = rdmulh(acc · 2^preShift, m[n]) + (r − residual.zeroPoint) · residual.multiplier     (mod 2^32)
///
/// Weights int8 in −127...127, [outputChannels, kernelHeight, kernelWidth, inputChannels / groups]; bias and
/// multipliers int32 [outputChannels].
package struct ConvolutionStep: SingleOutputStep, RequantizedStep {
  package static let kind = "convolution"

  package struct Residual: Hashable, Sendable, Codable {
    package var buffer: BufferID
    package var zeroPoint: Int
    /// −32768...32767, the ratio of scales in units of 2^−shift.
    package var multiplier: Int
    package init(buffer: BufferID, zeroPoint: Int, multiplier: Int) {
      self.buffer = buffer
      self.zeroPoint = zeroPoint
      self.multiplier = multiplier
    }
  }

  package var name: String
  package var input: BufferID
  package var output: BufferID
  package var geometry: ConvolutionGeometry
  package var inputZeroPoint: Int
  package var weights: ConstantID
  package var bias: ConstantID
  package var multipliers: ConstantID
  package var requantization: Requantization
  package var residual: Residual?

  package init(
    name: String, input: BufferID, output: BufferID, geometry: ConvolutionGeometry, inputZeroPoint: Int,
    weights: ConstantID, bias: ConstantID, multipliers: ConstantID, requantization: Requantization,
    residual: Residual? = nil
  ) {
    self.name = name
    self.input = input
    self.output = output
    self.geometry = geometry
    self.inputZeroPoint = inputZeroPoint
    self.weights = weights
    self.bias = bias
    self.multipliers = multipliers
    self.requantization = requantization
    self.residual = residual
  }

  package var reads: [BufferID] { [input] + (residual.map { [$0.buffer] } ?? []) }
  package var constants: [ConstantID] { [weights, bias, multipliers] }
  package var macs: Int { geometry.macs }
}

/// Sizes of a 2-D convolution or pooling window over one NHWC image (batch 1).
package struct ConvolutionGeometry: Hashable, Sendable, Codable {
  package var inputHeight, inputWidth, inputChannels: Int
  package var outputHeight, outputWidth, outputChannels: Int
  package var kernelHeight, kernelWidth: Int
  package var strideY, strideX: Int
  package var dilationY, dilationX: Int
  /// Rows and columns outside the image before it; those after it follow from the output size.
  package var padTop, padLeft: Int
  package var groups: Int

  package init(
    input: (height: Int, width: Int, channels: Int), output: (height: Int, width: Int, channels: Int),
    kernel: (height: Int, width: Int), strides: (y: Int, x: Int) = (1, 1), dilations: (y: Int, x: Int) = (1, 1),
    padTop: Int = 0, padLeft: Int = 0, groups: Int = 1
  ) {
    (inputHeight, inputWidth, inputChannels) = input
    (outputHeight, outputWidth, outputChannels) = output
    (kernelHeight, kernelWidth) = kernel
    (strideY, strideX) = strides
    (dilationY, dilationX) = dilations
    self.padTop = padTop
    self.padLeft = padLeft
    self.groups = groups
  }

  package var isDepthwise: Bool { groups == inputChannels && groups == outputChannels && groups > 1 }
  package var isPointwise: Bool {
    kernelHeight == 1 && kernelWidth == 1 && strideY == 1 && strideX == 1 && padTop == 0 && padLeft == 0 && groups == 1
  }
  /// An image of one column as one of a single row: signals of some models come so. In memory they are the same, but
  /// the windows of a row are contiguous.
  package var asRow: ConvolutionGeometry {
    guard inputWidth == 1, outputWidth == 1, kernelWidth == 1, padLeft == 0 else { return self }
    return ConvolutionGeometry(
      input: (1, inputHeight, inputChannels), output: (1, outputHeight, outputChannels), kernel: (1, kernelHeight),
      strides: (1, strideY), dilations: (1, dilationY), padLeft: padTop, groups: groups)
  }
  /// Multiply-accumulates of one inference, pad pixels counted.
  package var macs: Int {
    outputHeight * outputWidth * outputChannels * kernelHeight * kernelWidth * (inputChannels / max(groups, 1))
  }
}

extension ConvolutionStep {
  package var detail: String {
    "\(geometry.window) zp \(inputZeroPoint)\(residual == nil ? "" : " + residual"), \(requantization)"
  }

  package func run(_ memory: inout Memory) { ConvolutionReference(self, &memory).run(memory) }

  package func check(_ check: inout StepCheck) {
    check.geometry(geometry)
    guard check.faults.isEmpty else { return }
    let g = geometry
    check.buffer(input, g.inputHeight, g.inputWidth, g.inputChannels, bytes: 1, named: "input")
    check.buffer(output, g.outputHeight, g.outputWidth, g.outputChannels, bytes: 1, named: "output")
    check.constant(
      weights, .int8, g.outputChannels, g.kernelHeight, g.kernelWidth, g.inputChannels / g.groups, named: "weights")
    check.constant(bias, .int32, g.outputChannels, named: "bias")
    check.constant(multipliers, .int32, g.outputChannels, named: "multipliers")
    check.values(of: multipliers, columns: 1, named: "multipliers") { $1 > 0 }
    check.range(inputZeroPoint, -128...127, named: "inputZeroPoint")
    check.requantization(requantization)
    if let residual {
      check.buffer(
        residual.buffer, g.outputHeight, g.outputWidth, g.outputChannels, bytes: 1, named: "residual")
      check.range(residual.zeroPoint, -128...127, named: "residual zero point")
      check.range(residual.multiplier, -32768...32767, named: "residual multiplier")
    }
    check.require(input != output, "input and output are the same buffer")
  }
}

extension ConvolutionGeometry {
  /// "3×3 s2 p1 d2 g4", what differs from the default.
  package var window: String {
    var text = "\(kernelHeight)×\(kernelWidth)"
    if (strideY, strideX) != (1, 1) { text += strideY == strideX ? " s\(strideY)" : " s\(strideY),\(strideX)" }
    if (padTop, padLeft) != (0, 0) { text += padTop == padLeft ? " p\(padTop)" : " p\(padTop),\(padLeft)" }
    if (dilationY, dilationX) != (1, 1) {
      text += dilationY == dilationX ? " d\(dilationY)" : " d\(dilationY),\(dilationX)"
    }
    return groups == 1 ? text : isDepthwise ? text + " depthwise" : text + " g\(groups)"
  }

  /// Elements read by a window operation.
  var windowWork: Int { outputHeight &* outputWidth &* kernelHeight &* kernelWidth &* inputChannels }

  /// Calls `body` with the index of each pixel of the window that lies inside the image, rows then columns ascending.
  @inline(__always)
  func forEachTap(_ oy: Int, _ ox: Int, _ body: (Int) -> Void) { forEachTapIndexed(oy, ox) { _, pixel in body(pixel) } }

  /// The same with the tap's index in the window before the pixel's.
  @inline(__always)
  func forEachTapIndexed(_ oy: Int, _ ox: Int, _ body: (Int, Int) -> Void) {
    for ky in 0..<kernelHeight {
      let iy = oy &* strideY &+ ky &* dilationY &- padTop
      if iy < 0 || iy >= inputHeight { continue }
      for kx in 0..<kernelWidth {
        let ix = ox &* strideX &+ kx &* dilationX &- padLeft
        if ix < 0 || ix >= inputWidth { continue }
        body(ky &* kernelWidth &+ kx, iy &* inputWidth &+ ix)
      }
    }
  }

  /// Window pixels inside the image, or inside the padded image where its height is given; at least 1.
  func divisor(_ oy: Int, _ ox: Int, paddedHeight: Int?, paddedWidth: Int) -> Int {
    func inside(_ start: Int, _ kernel: Int, _ dilation: Int, _ range: Range<Int>) -> Int {
      var count = 0
      for k in 0..<kernel where range.contains(start + k * dilation) { count += 1 }
      return count
    }
    let rows = paddedHeight.map { -padTop..<max($0 - padTop, -padTop) } ?? 0..<inputHeight
    let columns = paddedHeight == nil ? 0..<inputWidth : -padLeft..<max(paddedWidth - padLeft, -padLeft)
    let count =
      inside(oy * strideY - padTop, kernelHeight, dilationY, rows)
      * inside(ox * strideX - padLeft, kernelWidth, dilationX, columns)
    return max(count, 1)
  }
}
