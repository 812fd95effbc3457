import KDCGraph
import KDCTensor

/// Weights that lie on steps already: for each channel, a scale of which all its weights are multiples by −127…127, up to the
/// rounding of float32. So are those that were dequantised, whatever passes have made of scales since.
struct WeightSteps {
  /// int8, the shape of the weights.
  let values: Tensor
  let parameters: QuantizationParameters
  /// Weights of −128 steps, which became −127.
  private(set) var clipped = 0

  /// How far from a whole number a multiple may be. What rounding leaves is a thirtieth of that.
  private static let tolerance: Float = 1e-3

  /// nil where a channel has no such scale.
  init?(_ weights: Tensor, axis: Int) {
    let dims = weights.shape.dims
    guard let floats = weights.floats, dims.indices.contains(axis) else { return nil }
    let (channels, inner) = (dims[axis], dims[(axis + 1)...].reduce(1, *))
    let outer = dims[..<axis].reduce(1, *)
    var quantized = [Int8](repeating: 0, count: floats.count)
    var scales = [Float](repeating: 0, count: channels)
    for channel in 0..<channels {
      let places = (0..<outer).map { ($0 * channels + channel) * inner }
      let peak = places.reduce(Float(0)) { peak, start in
        floats[start..<start + inner].reduce(peak) { max($0, abs($1)) }
      }
      guard peak > 0 else { continue }
      guard let steps = (1...128).first(where: { Self.fits(floats, places, inner, inverse: Float($0) / peak) }) else {
        return nil
      }
      scales[channel] = peak / Float(steps)
      for start in places {
        for index in start..<start + inner {
          let q = (floats[index] * (Float(steps) / peak)).rounded()
          if abs(q) > 127 { clipped += 1 }
          quantized[index] = Int8(max(-127, min(q, 127)))
        }
      }
    }
    // A channel of zeros has any scale.
    let typical = scales.filter { $0 > 0 }.min() ?? 1
    values = Tensor(weights.shape, quantized)
    parameters = QuantizationParameters(perChannel: scales.map { $0 > 0 ? $0 : typical }, axis: axis)
  }

  private static func fits(_ floats: [Float], _ places: [Int], _ inner: Int, inverse: Float) -> Bool {
    floats.withUnsafeBufferPointer { floats in
      places.allSatisfy { start in
        for index in start..<start &+ inner {
          let q = floats[index] * inverse
          if abs(q - q.rounded()) > tolerance { return false }
        }
        return true
      }
    }
  }
}
