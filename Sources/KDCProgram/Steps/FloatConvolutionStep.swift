import CKDCFloat

/// float32 convolution, NHWC; also Gemm and MatMul by constant weights. Each operation rounds once, a product and its
/// addition being one (fusedMultiplyAdd), in this order:
///
///     acc = bias[n]; for ky, kx, i: acc = fma(x, w[ky,kx,i,n], acc)      (x = 0 outside the image)
///     acc = acc + residual, if there is one;  y = activation(acc)
///
/// Weights float32 [kernelHeight, kernelWidth, inputChannels / groups, outputChannels], so that the lanes of a vector
/// are output channels and the order of each sum stays as written.
package struct FloatConvolutionStep: SingleOutputStep {
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
  package var constants: [ConstantID] { [weights, bias] }
  package var macs: Int { geometry.macs }
}

extension FloatConvolutionStep {
  package var detail: String {
    let activation = activation == .identity ? "" : " \(activation.kind.rawValue)"
    return geometry.window + (residual == nil ? "" : " + residual") + activation
  }

  package func run(_ memory: inout Memory) {
    let g = geometry
    let x = UnsafePointer(memory.pointer(input, as: Float.self))
    let y = memory.pointer(output, as: Float.self)
    let w = memory.pointer(weights, as: Float.self)
    let bias = memory.pointer(bias, as: Float.self)
    let residual = residual.map { UnsafePointer(memory.pointer($0, as: Float.self)) }
    let (groupInputs, groupOutputs) = (g.inputChannels / g.groups, g.outputChannels / g.groups)
    let zeros = [Float](repeating: 0, count: g.inputChannels)
    memory.inParallel(g.outputHeight &* g.outputWidth, work: g.macs) { pixels in
      // Not in place: the residual may be the output's own buffer.
      let sums = UnsafeMutablePointer<Float>.allocate(capacity: g.outputChannels)
      defer { sums.deallocate() }
      for pixel in pixels {
        for n in 0..<g.outputChannels { sums[n] = bias[n] }
        zeros.withUnsafeBufferPointer { zeros in
          guard let zeros = zeros.baseAddress else { return }
          for tap in 0..<g.kernelHeight &* g.kernelWidth {
            let position = g.position(of: tap, under: pixel)
            addProducts(
              to: sums, position.map { x + $0 &* g.inputChannels } ?? zeros,
              w + tap &* groupInputs &* g.outputChannels, groupInputs, groupOutputs)
          }
        }
        let offset = pixel &* g.outputChannels
        for n in 0..<g.outputChannels {
          let sum = residual.map { sums[n] + $0[offset &+ n] } ?? sums[n]
          y[offset &+ n] = activation.apply(sum)
        }
      }
    }
  }

  /// Of one tap.
  @inline(__always)
  private func addProducts(
    to sums: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>, _ groupInputs: Int,
    _ groupOutputs: Int
  ) {
    let channels = Int64(geometry.outputChannels)
    if groupInputs == 1 && groupOutputs == 1 { return kdc_float_add_pairs(sums, x, w, channels) }
    for group in 0..<geometry.groups {
      let first = group &* groupOutputs
      kdc_float_add_products(
        sums + first, x + group &* groupInputs, w + first, Int64(groupInputs), channels, Int64(groupOutputs))
    }
  }

  package func check(_ check: inout StepCheck) {
    check.geometry(geometry)
    guard check.faults.isEmpty else { return }
    let g = geometry
    check.buffer(input, g.inputHeight, g.inputWidth, g.inputChannels, bytes: 4, named: "input")
    check.buffer(output, g.outputHeight, g.outputWidth, g.outputChannels, bytes: 4, named: "output")
    check.buffer(residual, g.outputHeight, g.outputWidth, g.outputChannels, bytes: 4, named: "residual")
    check.constant(
      weights, .float32, g.kernelHeight, g.kernelWidth, g.inputChannels / g.groups, g.outputChannels, named: "weights")
    check.constant(bias, .float32, g.outputChannels, named: "bias")
    check.require(input != output, "input and output are the same buffer")
  }
}

extension ConvolutionGeometry {
  /// The input pixel of a tap [ky, kx] for an output pixel; nil outside the image.
  @inline(__always)
  func position(of tap: Int, under pixel: Int) -> Int? {
    let iy = pixel / outputWidth &* strideY &+ tap / kernelWidth &* dilationY &- padTop
    let ix = pixel % outputWidth &* strideX &+ tap % kernelWidth &* dilationX &- padLeft
    return iy >= 0 && iy < inputHeight && ix >= 0 && ix < inputWidth ? iy &* inputWidth &+ ix : nil
  }
}
