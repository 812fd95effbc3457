/// The reference of `ConvolutionStep`, fast enough for calibration and tests: weights and input patches widened to
/// int16, so that the compiler forms pairwise multiply-adds.
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
  private static let tile = 4

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

  /// Tiles of pixels against pairs of output channels, group by group.
  private func grouped(_ memory: Memory) {
    let inputs = g.inputChannels / g.groups
    let outputs = g.outputChannels / g.groups
    let taps = g.kernelHeight &* g.kernelWidth
    let depth = taps &* inputs
    // Whole vectors, and a whole pair of output channels; the rest is zero.
    let padded = (depth + 15) & ~15
    let rows = g.outputChannels + 1
    let wide = UnsafeMutablePointer<Int16>.allocate(capacity: rows &* padded)
    defer { wide.deallocate() }
    wide.initialize(repeating: 0, count: rows &* padded)
    for n in 0..<g.outputChannels {
      let (from, to) = (weights + n &* depth, wide + n &* padded)
      for i in 0..<depth { to[i] = Int16(from[i]) }
    }
    let pixels = g.outputHeight &* g.outputWidth
    memory.inParallel((pixels + Self.tile - 1) / Self.tile, work: g.macs) { tiles in
      let patches = UnsafeMutablePointer<Int16>.allocate(capacity: Self.tile &* padded)
      patches.initialize(repeating: 0, count: Self.tile &* padded)
      let sums = UnsafeMutablePointer<Int32>.allocate(capacity: Self.tile &* 2)
      defer {
        patches.deallocate()
        sums.deallocate()
      }
      for tile in tiles {
        let first = tile &* Self.tile
        let count = min(Self.tile, pixels - first)
        for group in 0..<g.groups {
          for p in 0..<count { gather(first &+ p, group, inputs, patches + p &* padded) }
          var n = 0
          while n < outputs {
            let channel = group &* outputs &+ n
            Self.multiply(patches, wide + channel &* padded, padded, sums)
            for p in 0..<count {
              store(sums[2 &* p], first &+ p, channel)
              if n &+ 1 < outputs { store(sums[2 &* p &+ 1], first &+ p, channel &+ 1) }
            }
            n &+= 2
          }
        }
      }
    }
  }

  /// The inputs under one output pixel, [taps, inputs], with the zero point outside the image.
  @inline(__always)
  private func gather(_ pixel: Int, _ group: Int, _ inputs: Int, _ patch: UnsafeMutablePointer<Int16>) {
    let (oy, ox) = (pixel / g.outputWidth, pixel % g.outputWidth)
    var to = patch
    for ky in 0..<g.kernelHeight {
      let iy = oy &* g.strideY &+ ky &* g.dilationY &- g.padTop
      for kx in 0..<g.kernelWidth {
        let ix = ox &* g.strideX &+ kx &* g.dilationX &- g.padLeft
        if iy >= 0 && iy < g.inputHeight && ix >= 0 && ix < g.inputWidth {
          let pixelOffset = (iy &* g.inputWidth &+ ix) &* g.inputChannels
          let from = x + (pixelOffset &+ group &* inputs)
          for i in 0..<inputs { to[i] = Int16(from[i]) }
        } else {
          let zero = Int16(truncatingIfNeeded: step.inputZeroPoint)
          for i in 0..<inputs { to[i] = zero }
        }
        to += inputs
      }
    }
  }

  /// Products of four patches by two rows of weights: sums[2p + n].
  @inline(never)
  private static func multiply(
    _ a: UnsafePointer<Int16>, _ w: UnsafePointer<Int16>, _ depth: Int, _ sums: UnsafeMutablePointer<Int32>
  ) {
    let (a1, a2, a3, w1) = (a + depth, a + 2 &* depth, a + 3 &* depth, w + depth)
    var (s00, s01, s10, s11) = (Int32(0), Int32(0), Int32(0), Int32(0))
    var (s20, s21, s30, s31) = (Int32(0), Int32(0), Int32(0), Int32(0))
    var k = 0
    while k < depth {
      let (v0, v1) = (Int32(w[k]), Int32(w1[k]))
      let (x0, x1, x2, x3) = (Int32(a[k]), Int32(a1[k]), Int32(a2[k]), Int32(a3[k]))
      s00 = s00 &+ x0 &* v0
      s01 = s01 &+ x0 &* v1
      s10 = s10 &+ x1 &* v0
      s11 = s11 &+ x1 &* v1
      s20 = s20 &+ x2 &* v0
      s21 = s21 &+ x2 &* v1
      s30 = s30 &+ x3 &* v0
      s31 = s31 &+ x3 &* v1
      k &+= 1
    }
    (sums[0], sums[1], sums[2], sums[3]) = (s00, s01, s10, s11)
    (sums[4], sums[5], sums[6], sums[7]) = (s20, s21, s30, s31)
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
