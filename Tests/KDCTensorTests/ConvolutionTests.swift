import KDCTensor
import KDCTestSupport
import Testing

@Suite struct ConvolutionTests {
  @Test("col2im is the transpose of im2col")
  func transpose() {
    var random = SeededGenerator(seed: 31)
    for (stride, dilation, pad) in [(1, 1, 0), (1, 1, 1), (2, 1, 1), (1, 2, 2), (3, 2, 4)] {
      let output = (8 + 2 * pad - 2 * dilation - 1) / stride + 1
      let axis = ImageGeometry.Axis(
        input: 8, output: output, kernel: 3, stride: stride, dilation: dilation, padBegin: pad)
      let g = ImageGeometry(batch: 1, inputChannels: 2, outputChannels: 1, y: axis, x: axis)
      let image = (0..<128).map { _ in Float.random(in: -1..<1, using: &random) }
      let other = (0..<g.depth * g.outputPixels).map { _ in Float.random(in: -1..<1, using: &random) }
      let columns = [Float](count: other.count) { columns in
        image.withPointer { g.im2col($0, rows: 0..<output, into: columns, distance: g.outputPixels) }
      }
      let back = [Float](count: 128) { back in
        back.initialize(repeating: 0, count: 128)
        var matrix = other
        matrix.withUnsafeMutableBufferPointer { matrix in
          guard let matrix = matrix.baseAddress else { return }
          g.col2im(matrix, rows: 0..<output, distance: g.outputPixels, channels: 2, into: back)
        }
      }
      let left = zip(columns, other).map(*).reduce(0, +)
      let right = zip(image, back).map(*).reduce(0, +)
      #expect(abs(left - right) < 1e-3, "stride \(stride) dilation \(dilation) pad \(pad), seed 31")
    }
  }

  @Test("A convolution does not depend on the number of threads, to the last bit")
  func threads() {
    var random = SeededGenerator(seed: 32)
    for (channels, size) in [(16, 40), (128, 5)] {
      let axis = ImageGeometry.Axis(input: size, output: size, kernel: 3, padBegin: 1)
      let g = ImageGeometry(batch: 1, inputChannels: channels, outputChannels: 128, y: axis, x: axis)
      let x = (0..<channels * size * size).map { _ in Float.random(in: -1..<1, using: &random) }
      let w = (0..<128 * channels * 9).map { _ in Float.random(in: -1..<1, using: &random) }
      let one = Convolution.forward(x, weights: w, bias: nil, g, threads: 1)
      for threads in [2, 3, 8] {
        #expect(Convolution.forward(x, weights: w, bias: nil, g, threads: Threads(threads)) == one, "seed 32")
      }
    }
  }
}
