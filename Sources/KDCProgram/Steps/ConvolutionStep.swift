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
package struct ConvolutionStep: Step {
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
  package var writes: [BufferID] { [output] }
  package var constants: [ConstantID] { [weights, bias, multipliers] }
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
  /// Multiply-accumulates of one inference, pad pixels counted.
  package var macs: Int {
    outputHeight * outputWidth * outputChannels * kernelHeight * kernelWidth * (inputChannels / max(groups, 1))
  }
}
