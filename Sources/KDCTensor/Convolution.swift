/// Float convolutions over NCHW images with weights [outputChannels, inputChannels / groups, ky, kx].
///
/// Work is cut into blocks that depend on the geometry alone, so results do not depend on the number of threads.
package enum Convolution {
  /// Elements of the matrices worked on at a time: about half of a second-level cache.
  static let columnLimit = 1 << 17

  /// What follows the sum of products and bias: y = min(max(sum + residual, low), high).
  package struct Epilogue: Sendable {
    /// Of the output's shape.
    package var residual: [Float]?
    package var low, high: Float
    package init(residual: [Float]? = nil, low: Float = -.infinity, high: Float = .infinity) {
      self.residual = residual
      self.low = low
      self.high = high
    }

    var clamps: Bool { low > -.infinity || high < .infinity }

    /// Writes `count` outputs from sums, which may be the same memory; `start` is the first's place in the output.
    package func apply(
      _ sums: UnsafePointer<Float>, _ result: UnsafeMutablePointer<Float>, at start: Int, _ count: Int
    ) {
      let (low, high) = (low, high)
      if let residual {
        residual.withPointer { residual in
          let residual = residual + start
          for i in 0..<count { result[i] = min(max(sums[i] + residual[i], low), high) }
        }
      } else if clamps {
        for i in 0..<count { result[i] = min(max(sums[i], low), high) }
      } else if UnsafePointer(result) != sums {
        result.update(from: sums, count: count)
      }
    }
  }

  /// How the pixels of a convolution are cut into blocks: several whole images, or rows of one image.
  struct Blocks {
    let images, rows: Int

    /// `width` and `height` of the images, and the rows of all matrices over their pixels. Products over fewer than 256
    /// pixels are slow, so images are joined; where one image suffices, nothing needs to be copied together.
    init(batch: Int, height: Int, width: Int, matrixRows: Int, joins least: Int = 256) {
      let pixels = max(least, columnLimit / max(1, matrixRows))
      let image = max(1, height * width)
      images = least > image ? max(1, min(batch, pixels / image)) : 1
      rows = pixels >= image ? max(1, height) : max(1, pixels / max(1, width))
    }
  }

  /// y = x ∗ w + bias, then the epilogue; the result is [batch, outputChannels, y.output, x.output].
  package static func forward(
    _ input: [Float], weights: [Float], bias: [Float]?, epilogue: Epilogue = Epilogue(), _ geometry: ImageGeometry,
    threads: Threads
  ) -> [Float] {
    let count = geometry.batch * geometry.outputChannels * geometry.outputPixels
    return [Float](count: count) { output in
      input.withPointer { input in
        weights.withPointer { weights in
          let job = Forward(
            input: input, weights: weights, bias: bias, output: output, epilogue: epilogue, g: geometry)
          if geometry.isDepthwise { job.depthwise(threads) } else { job.general(threads) }
        }
      }
    }
  }

  /// The transposed convolution y = xᵀ∗w + bias. `geometry` is that of the convolution whose gradient this is: its
  /// output is this one's input. Weights [outputChannels of `geometry`, inputChannels / groups, ky, kx].
  ///
  /// The result is [batch, inputChannels, y.input, x.input] of `geometry`.
  package static func transposed(
    _ input: [Float], weights: [Float], bias: [Float]?, _ g: ImageGeometry, threads: Threads
  ) -> [Float] {
    let taps = g.y.kernel * g.x.kernel
    // Blocks of channels of the result, a fixed number of im2col elements each.
    let perBlock = max(1, min(g.groupInputs, columnLimit * 4 / max(1, taps * g.outputPixels)))
    let channelBlocks = (g.groupInputs + perBlock - 1) / max(1, perBlock)
    return [Float](count: g.batch * g.inputChannels * g.inputPixels) { output in
      input.withPointer { input in
        weights.withPointer { weights in
          parallelFor(g.batch * g.groups * channelBlocks, threads: threads) { block in
            let imageGroup = block / channelBlocks
            let group = imageGroup % g.groups
            let first = block % channelBlocks * perBlock
            let channels = min(perBlock, g.groupInputs - first)
            let target = output + (imageGroup * g.groupInputs + first) * g.inputPixels
            for channel in 0..<channels {
              let value = bias.map { $0[group * g.groupInputs + first + channel] } ?? 0
              (target + channel * g.inputPixels).initialize(repeating: value, count: g.inputPixels)
            }
            withScratch(channels * taps * g.outputPixels) { columns in
              BLAS.gemm(
                transposeA: true, m: channels * taps, n: g.outputPixels, k: g.groupOutputs,
                a: weights + group * g.groupOutputs * g.depth + first * taps, lda: g.depth,
                b: input + imageGroup * g.groupOutputs * g.outputPixels, c: columns)
              g.col2im(columns, rows: 0..<g.y.output, distance: g.outputPixels, channels: channels, into: target)
            }
          }
        }
      }
    }
  }
}

/// Memory for `count` floats, not initialised, while `body` runs.
func withScratch<R>(_ count: Int, _ body: (UnsafeMutablePointer<Float>) throws -> R) rethrows -> R {
  let memory = UnsafeMutablePointer<Float>.allocate(capacity: max(1, count))
  defer { memory.deallocate() }
  return try body(memory)
}

/// The forward pass of one call.
struct Forward {
  let input, weights: UnsafePointer<Float>
  let bias: [Float]?
  let output: UnsafeMutablePointer<Float>
  let epilogue: Convolution.Epilogue
  let g: ImageGeometry

  /// Matrix products over blocks of (images, group, output rows, output channels).
  func general(_ threads: Threads) {
    guard g.outputPixels > 0, g.outputChannels > 0 else { return }
    let plan = Convolution.Blocks(
      batch: g.batch, height: g.y.output, width: g.x.output, matrixRows: g.depth + g.groupOutputs,
      joins: g.isPointwise ? 128 : 256)
    let rowBlocks = (g.y.output + plan.rows - 1) / plan.rows
    let imageBlocks = (g.batch + plan.images - 1) / plan.images
    // Few and small pixel blocks: cut the output channels too, so that threads have work.
    let channelBlocks = rowBlocks * imageBlocks * g.groups >= 4 ? 1 : max(1, min(4, g.groupOutputs / 64))
    let channelsPerBlock = (g.groupOutputs + channelBlocks - 1) / channelBlocks
    let pixels = plan.images * plan.rows * g.x.output
    let copies = !g.isPointwise || plan.images > 1
    parallelRanges(imageBlocks * g.groups * rowBlocks * channelBlocks, threads: threads) { range in
      withScratch(copies ? pixels * g.depth : 0) { columns in
        withScratch(plan.images > 1 ? pixels * channelsPerBlock : 0) { sums in
          for block in range {
            let first = block % channelBlocks * channelsPerBlock
            let channels = first..<max(first, min(g.groupOutputs, first + channelsPerBlock))
            let row = block / channelBlocks % rowBlocks * plan.rows
            let imageGroup = block / (channelBlocks * rowBlocks)
            let image = imageGroup / g.groups * plan.images
            run(
              images: image..<min(g.batch, image + plan.images), group: imageGroup % g.groups,
              rows: row..<min(g.y.output, row + plan.rows), channels: channels, columns: copies ? columns : nil,
              sums: plan.images > 1 ? sums : nil)
          }
        }
      }
    }
  }

  /// One block; `columns` where a matrix must be copied together, `sums` where the result goes to several images.
  private func run(
    images: Range<Int>, group: Int, rows: Range<Int>, channels: Range<Int>, columns: UnsafeMutablePointer<Float>?,
    sums: UnsafeMutablePointer<Float>?
  ) {
    guard !channels.isEmpty else { return }
    let pixels = rows.count * g.x.output
    let all = images.count * pixels
    func image(_ index: Int) -> UnsafePointer<Float> {
      input + (index * g.inputChannels + group * g.groupInputs) * g.inputPixels
    }
    var matrix = image(images.lowerBound) + rows.lowerBound * g.x.output
    if let columns {
      for index in images {
        g.im2col(image(index), rows: rows, into: columns + (index - images.lowerBound) * pixels, distance: all)
      }
      matrix = UnsafePointer(columns)
    }
    let firstChannel = group * g.groupOutputs + channels.lowerBound
    func place(_ index: Int, _ channel: Int) -> Int {
      (index * g.outputChannels + firstChannel + channel) * g.outputPixels + rows.lowerBound * g.x.output
    }
    let target = sums ?? output + place(images.lowerBound, 0)
    let distance = sums == nil ? g.outputPixels : all
    for channel in 0..<channels.count {
      (target + channel * distance).initialize(repeating: bias?[firstChannel + channel] ?? 0, count: all)
    }
    BLAS.gemm(
      m: channels.count, n: all, k: g.depth, a: weights + firstChannel * g.depth, b: matrix,
      ldb: columns == nil ? g.outputPixels : all, beta: 1, c: target, ldc: distance)
    for index in images {
      for channel in 0..<channels.count {
        let at = place(index, channel)
        epilogue.apply(
          target + channel * distance + (index - images.lowerBound) * pixels, output + at, at: at, pixels)
      }
    }
  }
}
