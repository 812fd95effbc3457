import KDCGraph
import KDCTensor

/// Symmetric int8 weights, one scale a channel, q in −127...127.
package struct WeightQuantization {
  package let parameters: QuantizationParameters
  /// int8, the shape of the weights.
  package let quantized: Tensor
  /// scale · q.
  package let dequantized: Tensor

  /// - Parameters:
  ///   - axis: the dimension of the channels.
  ///   - bias: one per channel; with `inputScale` it must fit into an int32 accumulator beside the products.
  ///   - searchesError: choose each scale by least squared error, else by the largest weight.
  package init(_ weights: Tensor, axis: Int, bias: [Float]?, inputScale: Float, searchesError: Bool, threads: Threads)
    throws
  {
    let dims = weights.shape.dims
    let channels = dims[axis]
    let inner = dims[(axis + 1)...].reduce(1, *)
    let outer = dims[..<axis].reduce(1, *)
    let values = weights.floats ?? []
    @Sendable func offsets(_ channel: Int) -> StrideTo<Int> {
      stride(from: channel * inner, to: values.count, by: channels * inner)
    }
    @Sendable func largest(_ channel: Int) -> Float {
      offsets(channel).reduce(0) { result, start in
        values[start..<(start + inner)].reduce(result) { max($0, abs($1)) }
      }
    }
    let peaks = try parallelMap(channels, threads: threads, largest)
    let highest = peaks.max() ?? 0
    let scales = try parallelMap(channels, threads: threads) { channel in
      // Multipliers of a layer share one shift, so that a channel far below the others would have no bits left; its
      // bias has to fit as well. Weights under this floor are too small to matter beside the rest.
      let forBias = bias.map { abs($0[channel]) / (inputScale * 0x1p28) } ?? 0
      let floor = max(highest * 0x1p-12 / 127, forBias, 1e-30)
      let peak = peaks[channel]
      guard searchesError, peak / 127 > floor else { return max(peak / 127, floor) }
      var best = (error: Float.infinity, scale: peak / 127)
      for step in 0..<12 {
        let scale = peak / 127 * (1 - 0.02 * Float(step))
        guard scale > floor else { break }
        let inverse = 1 / scale
        var error: Float = 0
        values.withUnsafeBufferPointer { values in
          for start in offsets(channel) {
            for index in start..<(start &+ inner) {
              let t = (values[index] * inverse).rounded(.toNearestOrEven)
              let difference = values[index] - scale * (t < -127 ? -127 : t > 127 ? 127 : t)
              error += difference * difference
            }
          }
        }
        if error < best.error { best = (error, scale) }
      }
      return best.scale
    }
    var quantized = [Int8](repeating: 0, count: values.count)
    var dequantized = [Float](repeating: 0, count: values.count)
    for block in 0..<outer {
      for channel in 0..<channels {
        let start = (block * channels + channel) * inner
        let scale = scales[channel]
        let inverse = 1 / scale
        for index in start..<(start + inner) {
          let t = (values[index] * inverse).rounded(.toNearestOrEven)
          let q: Float = t < -127 ? -127 : t > 127 ? 127 : t
          quantized[index] = Int8(q)
          dequantized[index] = scale * q
        }
      }
    }
    parameters = QuantizationParameters(perChannel: scales, axis: axis)
    self.quantized = Tensor(weights.shape, quantized)
    self.dequantized = Tensor(weights.shape, dequantized)
  }
}
