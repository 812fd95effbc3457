import KDCTensor

/// The reference of `ConvolutionStep`, fast enough for calibration and tests.
///
/// Sums of products are those of a float matrix product, and exact all the same: inputs and weights are whole numbers,
/// and a sum of `chunk` products stays, in whatever order, below 2^22 (both are at most 128), where float32 has all whole
/// numbers. Longer sums are made of such chunks, added in int32.
struct ConvolutionReference {
  private let step: ConvolutionStep
  private let x: UnsafePointer<Int8>
  private let y: UnsafeMutablePointer<Int8>
  private let residual: UnsafePointer<Int8>?
  private let weights: UnsafePointer<Int8>
  private let bias: UnsafePointer<Int32>
  private let multipliers: UnsafePointer<Int32>
  private var g: ConvolutionGeometry { step.geometry }

  /// Pixels whose patches are multiplied together.
  private static let tile = 128
  private static let chunk = 240
  /// A whole number below 2^22 in magnitude added to it is the lower bits of the result.
  private static let whole: Float = 12_582_912

  init(_ step: ConvolutionStep, _ memory: inout Memory) {
    self.step = step
    x = UnsafePointer(memory.pointer(step.input, as: Int8.self))
    y = memory.pointer(step.output, as: Int8.self)
    residual = step.residual.map { UnsafePointer(memory.pointer($0.buffer, as: Int8.self)) }
    weights = memory.pointer(step.weights, as: Int8.self)
    bias = memory.pointer(step.bias, as: Int32.self)
    multipliers = memory.pointer(step.multipliers, as: Int32.self)
  }

  func run(_ memory: Memory) {
    if g.isDepthwise { depthwise(memory) } else { grouped(memory) }
  }

  /// Tiles of pixels against a group's weights.
  private func grouped(_ memory: Memory) {
    let inputs = g.inputChannels / g.groups
    let outputs = g.outputChannels / g.groups
    let depth = g.kernelHeight &* g.kernelWidth &* inputs
    let rows = UnsafeMutablePointer<Float>.allocate(capacity: max(g.outputChannels &* depth, 1))
    defer { rows.deallocate() }
    for i in 0..<g.outputChannels &* depth { rows[i] = Float(weights[i]) }
    let pixels = g.outputHeight &* g.outputWidth
    memory.inParallel((pixels + Self.tile - 1) / Self.tile, work: g.macs) { tiles in
      let patches = UnsafeMutablePointer<Float>.allocate(capacity: max(Self.tile &* depth, 1))
      let products = UnsafeMutablePointer<Float>.allocate(capacity: Self.tile &* outputs)
      let sums = UnsafeMutablePointer<Int32>.allocate(capacity: Self.tile &* outputs)
      defer {
        patches.deallocate()
        products.deallocate()
        sums.deallocate()
      }
      for tile in tiles {
        let first = tile &* Self.tile
        let count = min(Self.tile, pixels - first)
        for group in 0..<g.groups {
          for p in 0..<count { gather(first &+ p, group, inputs, patches + p &* depth) }
          multiply(patches, rows + group &* outputs &* depth, count, outputs, depth, products, sums)
          for p in 0..<count {
            for n in 0..<outputs { store(sums[p &* outputs &+ n], first &+ p, group &* outputs &+ n) }
          }
        }
      }
    }
  }

  /// The inputs under one output pixel, [taps, inputs], with the zero point outside the image.
  @inline(__always)
  private func gather(_ pixel: Int, _ group: Int, _ inputs: Int, _ patch: UnsafeMutablePointer<Float>) {
    let (oy, ox) = (pixel / g.outputWidth, pixel % g.outputWidth)
    var to = patch
    for ky in 0..<g.kernelHeight {
      let iy = oy &* g.strideY &+ ky &* g.dilationY &- g.padTop
      for kx in 0..<g.kernelWidth {
        let ix = ox &* g.strideX &+ kx &* g.dilationX &- g.padLeft
        if iy >= 0 && iy < g.inputHeight && ix >= 0 && ix < g.inputWidth {
          let pixelOffset = (iy &* g.inputWidth &+ ix) &* g.inputChannels
          let from = x + (pixelOffset &+ group &* inputs)
          for i in 0..<inputs { to[i] = Float(from[i]) }
        } else {
          let zero = Float(step.inputZeroPoint)
          for i in 0..<inputs { to[i] = zero }
        }
        to += inputs
      }
    }
  }

  /// sums[p, n] = Σ patches[p, k] · rows[n, k], chunk by chunk.
  private func multiply(
    _ patches: UnsafePointer<Float>, _ rows: UnsafePointer<Float>, _ count: Int, _ outputs: Int, _ depth: Int,
    _ products: UnsafeMutablePointer<Float>, _ sums: UnsafeMutablePointer<Int32>
  ) {
    let all = count &* outputs
    for i in 0..<all { sums[i] = 0 }
    for start in stride(from: 0, to: depth, by: Self.chunk) {
      BLAS.gemm(
        transposeB: true, m: count, n: outputs, k: min(Self.chunk, depth - start), a: patches + start, lda: depth,
        b: rows + start, ldb: depth, c: products)
      let zero = Self.whole.bitPattern
      for i in 0..<all { sums[i] = sums[i] &+ Int32(bitPattern: (products[i] + Self.whole).bitPattern &- zero) }
    }
  }

  /// One channel an input: lanes are channels.
  private func depthwise(_ memory: Memory) {
    let channels = g.outputChannels
    let taps = g.kernelHeight &* g.kernelWidth
    let turned = UnsafeMutablePointer<Int16>.allocate(capacity: taps &* channels)
    defer { turned.deallocate() }
    for tap in 0..<taps {
      for c in 0..<channels { turned[tap &* channels &+ c] = Int16(weights[c &* taps &+ tap]) }
    }
    // Taps outside the image count the zero point, which the bias takes back.
    memory.inParallel(g.outputHeight, work: g.macs) { rows in
      let sums = UnsafeMutablePointer<Int32>.allocate(capacity: channels)
      let outside = UnsafeMutablePointer<Int8>.allocate(capacity: channels)
      outside.initialize(repeating: Int8(truncatingIfNeeded: step.inputZeroPoint), count: channels)
      defer {
        sums.deallocate()
        outside.deallocate()
      }
      for oy in rows {
        for ox in 0..<g.outputWidth {
          for c in 0..<channels { sums[c] = 0 }
          for ky in 0..<g.kernelHeight {
            let iy = oy &* g.strideY &+ ky &* g.dilationY &- g.padTop
            for kx in 0..<g.kernelWidth {
              let ix = ox &* g.strideX &+ kx &* g.dilationX &- g.padLeft
              let isInside = iy >= 0 && iy < g.inputHeight && ix >= 0 && ix < g.inputWidth
              let from = isInside ? x + (iy &* g.inputWidth &+ ix) &* channels : UnsafePointer(outside)
              let w = turned + (ky &* g.kernelWidth &+ kx) &* channels
              for c in 0..<channels { sums[c] = sums[c] &+ Int32(from[c]) &* Int32(w[c]) }
            }
          }
          let pixel = oy &* g.outputWidth &+ ox
          for c in 0..<channels { store(sums[c], pixel, c) }
        }
      }
    }
  }

  /// Bias, requantisation and residual of one output.
  @inline(__always)
  private func store(_ sum: Int32, _ pixel: Int, _ channel: Int) {
    let r = step.requantization
    let offset = pixel &* g.outputChannels &+ channel
    let accumulator = (sum &+ bias[channel]) &<< Int32(truncatingIfNeeded: r.preShift)
    var high = rdmulh(accumulator, multipliers[channel])
    if let residual, let parameters = step.residual {
      let difference = Int32(residual[offset]) &- Int32(truncatingIfNeeded: parameters.zeroPoint)
      high = high &+ difference &* Int32(truncatingIfNeeded: parameters.multiplier)
    }
    y[offset] = r.finish(high)
  }
}
