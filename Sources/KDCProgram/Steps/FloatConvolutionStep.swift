/// float32 convolution, NHWC; also Gemm and MatMul by constant weights. One rounding per operation, in this order:
///
///     acc = bias[n]; for ky, kx, i: acc = acc + x · w[ky,kx,i,n]      (taps outside the image are skipped)
///     acc = acc + residual, if there is one;  y = activation(acc)
///
/// Weights float32 [kernelHeight, kernelWidth, inputChannels / groups, outputChannels], so that the lanes of a vector
/// are output channels and the order of each sum stays as written.
package struct FloatConvolutionStep: Step {
  package static let kind = "floatConvolution"
  package var name: String
  package var input: BufferID
  package var output: BufferID
  package var geometry: ConvolutionGeometry
  package var weights: ConstantID
  package var bias: ConstantID
  package var residual: BufferID?
  package var activation: FloatFunction

  package init(
    name: String, input: BufferID, output: BufferID, geometry: ConvolutionGeometry, weights: ConstantID,
    bias: ConstantID, residual: BufferID? = nil, activation: FloatFunction = .identity
  ) {
    self.name = name
    self.input = input
    self.output = output
    self.geometry = geometry
    self.weights = weights
    self.bias = bias
    self.residual = residual
    self.activation = activation
  }
  package var reads: [BufferID] { [input] + (residual.map { [$0] } ?? []) }
  package var writes: [BufferID] { [output] }
  package var constants: [ConstantID] { [weights, bias] }
}
