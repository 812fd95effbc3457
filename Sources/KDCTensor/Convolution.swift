/// Float convolutions over NCHW images with weights [outputChannels, inputChannels / groups, ky, kx].
///
/// Work is cut into blocks that depend on the geometry alone, so results do not depend on the number of threads.
package enum Convolution {
  /// Elements of the im2col matrix worked on at a time: about half of a second-level cache.
  private static let columnLimit = 1 << 17

  /// y = x ∗ w + bias; the result is [batch, outputChannels, y.output, x.output].
  package static func forward(
    _ input: [Float], weights: [Float], bias: [Float]?, _ geometry: ImageGeometry, threads: Threads
  ) -> [Float] {
    let count = geometry.batch * geometry.outputChannels * geometry.outputPixels
    return [Float](count: count) { output in
      input.withPointer { input in
        weights.withPointer { weights in
          for plane in 0..<(geometry.batch * geometry.outputChannels) {
            let value = bias.map { $0[plane % geometry.outputChannels] } ?? 0
            (output + plane * geometry.outputPixels).initialize(repeating: value, count: geometry.outputPixels)
          }
          if geometry.isDepthwise {
            depthwise(input, weights, output, geometry, threads)
          } else {
            general(input, weights, output, geometry, threads)
          }
        }
      }
    }
  }

  /// Adds to `output` by matrix products over blocks of (image, group, output rows, output channels).
  private static func general(
    _ input: UnsafePointer<Float>, _ weights: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>,
    _ g: ImageGeometry, _ threads: Threads
  ) {
    guard g.outputPixels > 0, g.outputChannels > 0 else { return }
    let depth = g.depth
    let rowsPerBlock = max(1, min(g.y.output, columnLimit / max(1, depth * g.x.output)))
    let rowBlocks = (g.y.output + rowsPerBlock - 1) / rowsPerBlock
    // Few and small pixel blocks: cut the output channels too, so that threads have work.
    let channelBlocks = rowBlocks * g.batch * g.groups >= 4 ? 1 : max(1, min(4, g.groupOutputs / 64))
    let channelsPerBlock = (g.groupOutputs + channelBlocks - 1) / channelBlocks
    let blocks = g.batch * g.groups * rowBlocks * channelBlocks
    parallelRanges(blocks, threads: threads) { range in
      let columns = g.isPointwise ? [] : [Float](count: depth * rowsPerBlock * g.x.output) { _ in }
      columns.withPointer { base in
        let columns = UnsafeMutablePointer(mutating: base)
        for block in range {
          let channelBlock = block % channelBlocks
          let rowBlock = block / channelBlocks % rowBlocks
          let imageGroup = block / (channelBlocks * rowBlocks)
          let rows = rowBlock * rowsPerBlock..<min(g.y.output, (rowBlock + 1) * rowsPerBlock)
          let channels = channelBlock * channelsPerBlock..<min(g.groupOutputs, (channelBlock + 1) * channelsPerBlock)
          guard !channels.isEmpty else { continue }
          let image = input + imageGroup * g.groupInputs * g.inputPixels
          let pixels = rows.count * g.x.output
          let matrix: UnsafePointer<Float>
          if g.isPointwise {
            matrix = image + rows.lowerBound * g.x.output
          } else {
            g.im2col(image, rows: rows, into: columns)
            matrix = UnsafePointer(columns)
          }
          let firstChannel = imageGroup % g.groups * g.groupOutputs + channels.lowerBound
          let target = output + (imageGroup * g.groupOutputs + channels.lowerBound) * g.outputPixels
          BLAS.gemm(
            m: channels.count, n: pixels, k: depth, a: weights + firstChannel * depth, b: matrix,
            ldb: g.isPointwise ? g.outputPixels : pixels, beta: 1, c: target + rows.lowerBound * g.x.output,
            ldc: g.outputPixels)
        }
      }
    }
  }

  /// Adds to `output` tap by tap: one input channel for each output channel.
  private static func depthwise(
    _ input: UnsafePointer<Float>, _ weights: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>,
    _ g: ImageGeometry, _ threads: Threads
  ) {
    parallelFor(g.batch * g.outputChannels, threads: threads) { plane in
      let source = input + plane * g.inputPixels
      let target = output + plane * g.outputPixels
      let taps = weights + plane % g.outputChannels * g.depth
      for ky in 0..<g.y.kernel {
        let insideY = g.y.inside(tap: ky, in: 0..<g.y.output)
        for kx in 0..<g.x.kernel {
          let insideX = g.x.inside(tap: kx, in: 0..<g.x.output)
          let weight = taps[ky &* g.x.kernel &+ kx]
          let offsetX = kx &* g.x.dilation &- g.x.padBegin
          for oy in insideY {
            let row = source + (oy &* g.y.stride &+ ky &* g.y.dilation &- g.y.padBegin) &* g.x.input
            let result = target + oy &* g.x.output
            if g.x.stride == 1 {
              for ox in insideX { result[ox] += row[ox &+ offsetX] * weight }
            } else {
              for ox in insideX { result[ox] += row[ox &* g.x.stride &+ offsetX] * weight }
            }
          }
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
            let columns = [Float](count: channels * taps * g.outputPixels) { columns in
              BLAS.gemm(
                transposeA: true, m: channels * taps, n: g.outputPixels, k: g.groupOutputs,
                a: weights + group * g.groupOutputs * g.depth + first * taps, lda: g.depth,
                b: input + imageGroup * g.groupOutputs * g.outputPixels, c: columns)
            }
            columns.withPointer { g.col2im($0, channels: channels, into: target) }
          }
        }
      }
    }
  }
}
