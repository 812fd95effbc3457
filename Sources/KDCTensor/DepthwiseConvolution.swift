/// Depthwise convolutions, one plane at a time, in long vectors.
///
/// A plane is padded and dealt out into stride² planes, one for each position within a stride, all `width` wide. Then
/// tap (ky, kx) of output (oy, ox) is at oy · width + ox plus a constant in one of them: a tap is one product of a
/// vector that runs over all rows. The outputs are `width` wide too; what lies beyond their own width is not used.
private struct DealtPlanes {
  struct Tap {
    /// Of the plane, and within it.
    var plane, offset: Int
  }

  let g: ImageGeometry
  let width, height: Int
  let taps: [Tap]
  /// The largest offset of a tap.
  let reach: Int
  var size: Int { width &* height }
  var count: Int { g.y.stride &* g.x.stride }
  /// Vectors run to the next multiple of 8.
  static let slack = 8
  /// Elements of an output `width` wide, and the same as a multiple of 8.
  var outputs: Int { (g.y.output &- 1) &* width &+ g.x.output }
  var rounded: Int { (outputs &+ 7) & ~7 }

  init(_ g: ImageGeometry) {
    self.g = g
    width = g.x.output + (g.x.kernel - 1) * g.x.dilation / g.x.stride
    height = g.y.output + (g.y.kernel - 1) * g.y.dilation / g.y.stride
    var taps: [Tap] = []
    for ky in 0..<g.y.kernel {
      for kx in 0..<g.x.kernel {
        let (y, x) = (ky * g.y.dilation, kx * g.x.dilation)
        taps.append(
          Tap(plane: y % g.y.stride * g.x.stride + x % g.x.stride, offset: y / g.y.stride * width + x / g.x.stride))
      }
    }
    self.taps = taps
    reach = taps.last?.offset ?? 0
  }

  /// Calls `body` with each run of the input that lies in one row of one plane: offsets of both, and its length. In the
  /// input its elements are x.stride apart.
  @inline(__always)
  func forEachRun(_ body: (_ input: Int, _ dealt: Int, _ count: Int) -> Void) {
    for phaseX in 0..<g.x.stride {
      // Columns c with 0 ≤ c · stride + phase − padBegin < input.
      let first = max(0, (g.x.padBegin &- phaseX &+ g.x.stride &- 1) / g.x.stride)
      let end = min(width, (g.x.input &+ g.x.padBegin &- phaseX &+ g.x.stride &- 1) / g.x.stride)
      guard first < end else { continue }
      let column = first &* g.x.stride &+ phaseX &- g.x.padBegin
      for iy in 0..<g.y.input {
        let padded = iy &+ g.y.padBegin
        let (row, phaseY) = (padded / g.y.stride, padded % g.y.stride)
        guard row < height else { break }
        body(
          iy &* g.x.input &+ column, (phaseY &* g.x.stride &+ phaseX) &* size &+ row &* width &+ first, end &- first)
      }
    }
  }

  /// Fills the planes, whose borders are and stay zero.
  func deal(_ input: UnsafePointer<Float>, into planes: UnsafeMutablePointer<Float>) {
    let stride = g.x.stride
    forEachRun { from, to, count in
      let (source, target) = (input + from, planes + to)
      if stride == 1 {
        for i in 0..<count { target[i] = source[i] }
      } else {
        for i in 0..<count { target[i] = source[i &* stride] }
      }
    }
  }

  /// The transpose of `deal`: every element of `result` is written.
  func collect(_ planes: UnsafePointer<Float>, into result: UnsafeMutablePointer<Float>) {
    let stride = g.x.stride
    // Elements that no output reads.
    if stride > 1 || g.y.stride > 1 || width < g.x.input &+ g.x.padBegin || height < g.y.input &+ g.y.padBegin {
      result.initialize(repeating: 0, count: g.inputPixels)
    }
    forEachRun { to, from, count in
      let (source, target) = (planes + from, result + to)
      if stride == 1 {
        for i in 0..<count { target[i] = source[i] }
      } else {
        for i in 0..<count { target[i &* stride] = source[i] }
      }
    }
  }
}

/// result[i] = start + Σ weightsₜ · sourcesₜ[i], in the order of the taps; `count` is a multiple of 8.
@inline(__always)
private func accumulate(
  _ result: UnsafeMutablePointer<Float>, start: Float, _ sources: UnsafeBufferPointer<UnsafePointer<Float>>,
  _ weights: UnsafePointer<Float>, _ count: Int
) {
  var i = 0
  while i &+ 16 <= count {
    var (low, high) = (SIMD8<Float>(repeating: start), SIMD8<Float>(repeating: start))
    for t in 0..<sources.count {
      low += VectorSums.load(sources[t] + i) * weights[t]
      high += VectorSums.load(sources[t] + (i &+ 8)) * weights[t]
    }
    VectorSums.store(low, result + i)
    VectorSums.store(high, result + (i &+ 8))
    i &+= 16
  }
  if i < count {
    var sum = SIMD8<Float>(repeating: start)
    for t in 0..<sources.count { sum += VectorSums.load(sources[t] + i) * weights[t] }
    VectorSums.store(sum, result + i)
  }
}

extension Forward {
  func depthwise(_ threads: Threads) {
    guard g.outputPixels > 0 else { return }
    let dealt = DealtPlanes(g)
    let planes = dealt.count * dealt.size + DealtPlanes.slack
    parallelRanges(g.batch * g.outputChannels, threads: threads) { range in
      withScratch(planes + dealt.rounded) { scratch in
        scratch.initialize(repeating: 0, count: planes)
        let sums = scratch + planes
        let sources = dealt.taps.map { UnsafePointer(scratch) + ($0.plane * dealt.size + $0.offset) }
        sources.withUnsafeBufferPointer { sources in
          for plane in range {
            let channel = plane % g.outputChannels
            dealt.deal(input + plane * g.inputPixels, into: scratch)
            accumulate(sums, start: bias?[channel] ?? 0, sources, weights + channel * g.depth, dealt.rounded)
            for oy in 0..<g.y.output {
              let at = plane * g.outputPixels + oy * g.x.output
              epilogue.apply(sums + oy * dealt.width, output + at, at: at, g.x.output)
            }
          }
        }
      }
    }
  }
}

extension Backward {
  func depthwise() {
    guard g.outputPixels > 0, g.depth > 0 else { return }
    let dealt = DealtPlanes(g)
    let planes = dealt.count * dealt.size + DealtPlanes.slack
    // The output's gradient, `width` wide, with zeros between its rows, before and after it.
    let length = dealt.reach + dealt.size + dealt.reach + 2 * DealtPlanes.slack
    withScratch(2 * planes + length) { scratch in
      scratch.initialize(repeating: 0, count: 2 * planes + length)
      let (found, gradient) = (scratch + planes, scratch + 2 * planes + dealt.reach)
      let taps = dealt.taps
      // Taps of each plane: dx[j] = Σ w · dy[j − offset].
      let groups = (0..<dealt.count).map { plane in taps.indices.filter { taps[$0].plane == plane } }
      let readers = groups.map { $0.map { UnsafePointer(gradient) - taps[$0].offset } }
      let sources = taps.map { UnsafePointer(scratch) + ($0.plane * dealt.size + $0.offset) }
      var tapWeights = [Float](repeating: 0, count: taps.count)
      for plane in 0..<g.batch * g.outputChannels {
        let channel = plane % g.outputChannels
        var sum: Float = 0
        for oy in 0..<g.y.output {
          let at = plane * g.outputPixels + oy * g.x.output
          let row = gradient + oy * dealt.width
          sum += mask(at, row, g.x.output)
        }
        biasGradient?[channel] += sum
        if let weightGradient {
          dealt.deal(input + plane * g.inputPixels, into: scratch)
          let target = weightGradient + channel * g.depth
          var t = 0
          while t + 3 <= taps.count {
            let sums = VectorSums.products(gradient, (sources[t], sources[t + 1], sources[t + 2]), dealt.rounded)
            target[t] += sums.0
            target[t + 1] += sums.1
            target[t + 2] += sums.2
            t += 3
          }
          while t < taps.count {
            target[t] += VectorSums.product(gradient, sources[t], dealt.rounded)
            t += 1
          }
        }
        guard let inputGradient else { continue }
        for (index, group) in groups.enumerated() {
          for (i, t) in group.enumerated() { tapWeights[i] = weights[channel * g.depth + t] }
          readers[index].withUnsafeBufferPointer { readers in
            tapWeights.withPointer { tapWeights in
              accumulate(found + index * dealt.size, start: 0, readers, tapWeights, dealt.size & ~7)
              // The last few, without running into the next plane.
              for j in (dealt.size & ~7)..<dealt.size {
                var value: Float = 0
                for (i, reader) in readers.enumerated() { value += reader[j] * tapWeights[i] }
                found[index * dealt.size + j] = value
              }
            }
          }
        }
        dealt.collect(found, into: inputGradient + plane * g.inputPixels)
      }
    }
  }
}
