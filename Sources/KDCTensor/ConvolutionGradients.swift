/// The backward pass of convolutions over NCHW images, on the calling thread: batches are spread over threads in chunks.
extension Convolution {
  /// The gradients of `forward` with respect to input and weights, from that of its result
  /// [batch, outputChannels, y.output, x.output]; nil where not wanted. The one of the bias is `channelSums`.
  ///
  /// Weights: ∂w = Σ images ∂y · colᵀ. Input: ∂x = col2im(wᵀ · ∂y), where col is the im2col matrix of the image.
  package static func gradients(
    input: [Float], weights: [Float], outputGradient: [Float], _ geometry: ImageGeometry, wantsInput: Bool,
    wantsWeights: Bool
  ) -> (input: [Float]?, weights: [Float]?) {
    var inputGradient = [Float](
      repeating: 0, count: wantsInput ? geometry.batch * geometry.inputChannels * geometry.inputPixels : 0)
    var weightGradient = [Float](repeating: 0, count: wantsWeights ? geometry.outputChannels * geometry.depth : 0)
    inputGradient.withUnsafeMutableBufferPointer { inputGradient in
      weightGradient.withUnsafeMutableBufferPointer { weightGradient in
        input.withPointer { input in
          weights.withPointer { weights in
            outputGradient.withPointer { outputGradient in
              let job = Backward(
                input: input, weights: weights, outputGradient: outputGradient,
                inputGradient: wantsInput ? inputGradient.baseAddress : nil,
                weightGradient: wantsWeights ? weightGradient.baseAddress : nil, g: geometry)
              if geometry.isDepthwise { job.depthwise() } else { job.general() }
            }
          }
        }
      }
    }
    return (wantsInput ? inputGradient : nil, wantsWeights ? weightGradient : nil)
  }

  /// Σ over images and pixels of [batch, channels, pixels] for each channel.
  package static func channelSums(_ values: [Float], batch: Int, channels: Int, pixels: Int) -> [Float] {
    var sums = [Float](repeating: 0, count: channels)
    values.withPointer { values in
      for image in 0..<batch {
        for channel in 0..<channels {
          sums[channel] += VectorSums.sum(values + (image &* channels &+ channel) &* pixels, pixels)
        }
      }
    }
    return sums
  }
}

private struct Backward {
  let input, weights, outputGradient: UnsafePointer<Float>
  /// Zeros at first; nil where not wanted.
  let inputGradient, weightGradient: UnsafeMutablePointer<Float>?
  let g: ImageGeometry

  /// Elements of the im2col matrix worked on at a time, as forward.
  private static let columnLimit = 1 << 17

  func general() {
    guard g.outputPixels > 0, g.depth > 0, g.groupOutputs > 0 else { return }
    let rowsPerBlock = max(1, min(g.y.output, Self.columnLimit / max(1, g.depth * g.x.output)))
    var columns = [Float](repeating: 0, count: g.isPointwise ? 0 : g.depth * rowsPerBlock * g.x.output)
    columns.withUnsafeMutableBufferPointer { columns in
      for imageGroup in 0..<(g.batch * g.groups) {
        for first in stride(from: 0, to: g.y.output, by: rowsPerBlock) {
          block(imageGroup, first..<min(g.y.output, first + rowsPerBlock), columns.baseAddress)
        }
      }
    }
  }

  private func block(_ imageGroup: Int, _ rows: Range<Int>, _ columns: UnsafeMutablePointer<Float>?) {
    let pixels = rows.count * g.x.output
    let group = imageGroup % g.groups
    let image = imageGroup * g.groupInputs * g.inputPixels
    let gradient = outputGradient + (imageGroup * g.groupOutputs * g.outputPixels + rows.lowerBound * g.x.output)
    let groupWeights = group * g.groupOutputs * g.depth
    if let weightGradient {
      var matrix = input + image + rows.lowerBound * g.x.output
      if let columns {
        g.im2col(input + image, rows: rows, into: columns)
        matrix = UnsafePointer(columns)
      }
      BLAS.gemm(
        transposeB: true, m: g.groupOutputs, n: g.depth, k: pixels, a: gradient, lda: g.outputPixels, b: matrix,
        ldb: columns == nil ? g.outputPixels : pixels, beta: 1, c: weightGradient + groupWeights)
    }
    guard let inputGradient else { return }
    if let columns {
      BLAS.gemm(
        transposeA: true, m: g.depth, n: pixels, k: g.groupOutputs, a: weights + groupWeights, b: gradient,
        ldb: g.outputPixels, c: columns)
      g.col2im(columns, rows: rows, channels: g.groupInputs, into: inputGradient + image)
    } else {
      BLAS.gemm(
        transposeA: true, m: g.depth, n: pixels, k: g.groupOutputs, a: weights + groupWeights, b: gradient,
        ldb: g.outputPixels, c: inputGradient + image + rows.lowerBound * g.x.output, ldc: g.inputPixels)
    }
  }

  /// Tap by tap, as forward.
  func depthwise() {
    for plane in 0..<(g.batch * g.outputChannels) {
      let channel = plane % g.outputChannels
      let source = input + plane * g.inputPixels
      let gradient = outputGradient + plane * g.outputPixels
      let target = inputGradient.map { $0 + plane * g.inputPixels }
      for ky in 0..<g.y.kernel {
        let insideY = g.y.inside(tap: ky, in: 0..<g.y.output)
        for kx in 0..<g.x.kernel {
          let insideX = g.x.inside(tap: kx, in: 0..<g.x.output)
          guard !insideX.isEmpty else { continue }
          let tap = channel &* g.depth &+ ky &* g.x.kernel &+ kx
          let start = insideX.lowerBound &* g.x.stride &+ kx &* g.x.dilation &- g.x.padBegin
          var sum: Float = 0
          for oy in insideY {
            let row = (oy &* g.y.stride &+ ky &* g.y.dilation &- g.y.padBegin) &* g.x.input &+ start
            let dy = gradient + (oy &* g.x.output &+ insideX.lowerBound)
            if let target {
              let (weight, dx) = (weights[tap], target + row)
              if g.x.stride == 1 {
                for i in 0..<insideX.count { dx[i] += dy[i] * weight }
              } else {
                for i in 0..<insideX.count { dx[i &* g.x.stride] += dy[i] * weight }
              }
            }
            if weightGradient != nil {
              sum += VectorSums.product(dy, source + row, stride: g.x.stride, insideX.count)
            }
          }
          weightGradient?[tap] += sum
        }
      }
    }
  }
}

/// Sums in a fixed order that vector instructions follow: eight partial sums, then the rest.
package enum VectorSums {
  @inline(__always)
  package static func sum(_ x: UnsafePointer<Float>, _ count: Int) -> Float {
    var parts = SIMD8<Float>.zero
    let raw = UnsafeRawPointer(x)
    var i = 0
    while i &+ 8 <= count {
      parts += raw.loadUnaligned(fromByteOffset: i &* 4, as: SIMD8<Float>.self)
      i &+= 8
    }
    var total = parts.sum()
    while i < count {
      total += x[i]
      i &+= 1
    }
    return total
  }

  /// Σ (x[i] − offset)².
  @inline(__always)
  package static func squares(_ x: UnsafePointer<Float>, minus offset: Float, _ count: Int) -> Float {
    var parts = SIMD8<Float>.zero
    let raw = UnsafeRawPointer(x)
    var i = 0
    while i &+ 8 <= count {
      let value = raw.loadUnaligned(fromByteOffset: i &* 4, as: SIMD8<Float>.self) - offset
      parts += value * value
      i &+= 8
    }
    var total = parts.sum()
    while i < count {
      total += (x[i] - offset) * (x[i] - offset)
      i &+= 1
    }
    return total
  }

  /// Σ a[i] · b[i · stride].
  @inline(__always)
  package static func product(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, stride: Int = 1, _ count: Int
  ) -> Float {
    var i = 0
    var total: Float = 0
    if stride == 1 {
      var parts = SIMD8<Float>.zero
      let (rawA, rawB) = (UnsafeRawPointer(a), UnsafeRawPointer(b))
      while i &+ 8 <= count {
        parts +=
          rawA.loadUnaligned(fromByteOffset: i &* 4, as: SIMD8<Float>.self)
          * rawB.loadUnaligned(fromByteOffset: i &* 4, as: SIMD8<Float>.self)
        i &+= 8
      }
      total = parts.sum()
    }
    while i < count {
      total += a[i] * b[i &* stride]
      i &+= 1
    }
    return total
  }
}
