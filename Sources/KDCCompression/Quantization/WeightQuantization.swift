import KDCGraph
import KDCTensor

/// Symmetric weights of 8, 7 or 4 bits, one scale a channel, q in −127...127, −63...63 or −7...7.
package struct WeightQuantization {
  package let parameters: QuantizationParameters
  /// int8, the shape of the weights.
  package let quantized: Tensor
  /// scale · q.
  package let dequantized: Tensor

  /// - Parameters:
  ///   - axis: the dimension of the channels.
  ///   - bias: one per channel; with `inputScale` it must fit into an int32 accumulator together with the products.
  ///   - searchesError: choose each scale by least squared error, else by the largest weight.
  package init(
    _ weights: Tensor, axis: Int, bits: Int = 8, bias: [Float]?, inputScale: Float, searchesError: Bool,
    threads: Threads
  ) throws {
    let limit = Self.limit(bits: bits)
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
      let floor = Self.floor(highest: highest, limit: limit, bias: bias?[channel], inputScale: inputScale)
      let peak = peaks[channel]
      guard searchesError, peak / limit > floor else { return max(peak / limit, floor) }
      var best = (error: Float.infinity, scale: peak / limit)
      for step in 0..<Self.scaleSteps(bits: bits) {
        let scale = peak / limit * (1 - 0.02 * Float(step))
        guard scale > floor else { break }
        let inverse = 1 / scale
        var error: Float = 0
        values.withUnsafeBufferPointer { values in
          for start in offsets(channel) {
            for index in start..<(start &+ inner) {
              let t = (values[index] * inverse).rounded(.toNearestOrEven)
              let difference = values[index] - scale * (t < -limit ? -limit : t > limit ? limit : t)
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
          let q: Float = t < -limit ? -limit : t > limit ? limit : t
          quantized[index] = Int8(q)
          dequantized[index] = scale * q
        }
      }
    }
    parameters = Self.parameters(scales, axis: axis, bits: bits)
    self.quantized = Tensor(weights.shape, quantized)
    self.dequantized = Tensor(weights.shape, dequantized)
  }

  /// Largest magnitude of a value.
  static func limit(bits: Int) -> Float { bits == 4 ? 7 : bits == 7 ? 63 : 127 }

  /// Scales tried, from that of the largest weight down in steps of a fiftieth: few levels clip more.
  private static func scaleSteps(bits: Int) -> Int { bits == 4 ? 30 : 12 }

  /// Multipliers of a layer share one shift, so that a channel far below the others would have no bits left; its bias
  /// has to fit as well. Weights under this scale are too small to matter compared with the rest.
  private static func floor(highest: Float, limit: Float, bias: Float?, inputScale: Float) -> Float {
    max(highest * 0x1p-12 / limit, (bias.map { abs($0) } ?? 0) / (inputScale * 0x1p28), 1e-30)
  }

  private static func parameters(_ scales: [Float], axis: Int, bits: Int) -> QuantizationParameters {
    var result = QuantizationParameters(perChannel: scales, axis: axis)
    result.bits = bits
    return result
  }

  /// Weights of a layer [channels, …] with error feedback. They are first refitted, by least squares with the same
  /// damping, so that the layer makes up for what earlier layers lost; where there are too few columns for that they
  /// are taken as they are.
  ///
  /// Throws what `parallelMap` throws; nil where the moments are not finite.
  init?(
    _ weights: Tensor, bits: Int, moments: LayerMoments, bias: [Float]?, inputScale: Float, threads: Threads
  ) throws {
    let (n, k) = (moments.rows, moments.depth)
    let limit = Self.limit(bits: bits)
    guard var values = weights.floats, values.count == moments.groups.count * n * k else { return nil }
    let highest = values.reduce(0) { max($0, abs($1)) }
    var scales: [Float] = []
    var quantized: [Int8] = []
    for (index, group) in moments.groups.enumerated() {
      let first = index * n
      if moments.hasLacks, moments.count >= Self.columnsPerWeight * k, let change = group.refit(depth: k, rows: n) {
        for i in change.indices where change[i].isFinite { values[first * k + i] += Float(change[i]) }
      }
      guard let feedback = ErrorFeedback(moments: group.inputs, depth: k, limit: limit) else { return nil }
      let importance = (0..<k).map { Float(group.inputs[$0 * k + $0]) }
      let rows = try parallelMap(n, threads: threads) { [values] row in
        let channel = first + row
        let w = Array(values[channel * k..<(channel + 1) * k])
        let floor = Self.floor(highest: highest, limit: limit, bias: bias?[channel], inputScale: inputScale)
        let start = Self.scale(w, importance, bits: bits, floor: floor)
        return feedback.round(w, start: start, floor: floor)
      }
      for row in rows {
        scales.append(row.scale)
        quantized += row.values.map { Int8($0) }
      }
    }
    parameters = Self.parameters(scales, axis: 0, bits: bits)
    self.quantized = Tensor(weights.shape, quantized)
    dequantized = Tensor(weights.shape, quantized.indices.map { scales[$0 / k] * Float(quantized[$0]) })
  }

  /// Columns that must be there for each weight of a channel before weights are refitted.
  private static let columnsPerWeight = 4

  /// The scale with the least weighted squared error of rounding to nearest.
  private static func scale(_ w: [Float], _ importance: [Float], bits: Int, floor: Float) -> Float {
    let limit = limit(bits: bits)
    let peak = w.reduce(0) { max($0, abs($1)) }
    var best = (error: Float.infinity, scale: max(peak / limit, floor))
    for step in 0..<scaleSteps(bits: bits) {
      let scale = peak / limit * (1 - 0.02 * Float(step))
      guard scale > floor else { break }
      let inverse = 1 / scale
      var error: Float = 0
      for index in w.indices {
        let t = (w[index] * inverse).rounded(.toNearestOrEven)
        let difference = w[index] - scale * (t < -limit ? -limit : t > limit ? limit : t)
        error += importance[index] * difference * difference
      }
      if error < best.error { best = (error, scale) }
    }
    return best.scale
  }
}

extension LayerMoments.Group {
  /// What to add to weights so that the outputs lack least: lacks · (H + λ)⁻¹, [rows, K]; nil where H has no factor.
  fileprivate func refit(depth k: Int, rows n: Int) -> [Double]? {
    let mean = (0..<k).reduce(0) { $0 + inputs[$1 * k + $1] } / Double(max(k, 1))
    guard mean > 0 else { return nil }
    var h = inputs
    for i in 0..<k { h[i * k + i] += ErrorFeedback.damping * mean }
    guard LAPACK.cholesky(&h, order: k) else { return nil }
    var change = lacks
    return LAPACK.solve(h, order: k, &change, count: n) ? change : nil
  }
}
