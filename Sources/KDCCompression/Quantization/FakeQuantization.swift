import KDCGraph
import KDCTensor

extension QuantizationParameters {
  /// The values as int8 holds them, in float again: scale · (clamp(round(x / scale) + zeroPoint) − zeroPoint), rounding
  /// half to even as `QuantizeStep` does.
  package func fakeQuantized(_ tensor: Tensor) -> Tensor {
    guard let values = tensor.floats else { return tensor }
    let (scale, inverse) = (scale, 1 / scale)
    let low = Float(limits.lowerBound - zeroPoint)
    let high = Float(limits.upperBound - zeroPoint)
    // Sums from 2^23 on are whole: adding this and taking it off rounds to nearest even what is less than 2^22, as all
    // limits are, and needs no call where the processor's baseline cannot round.
    let whole: Float = 12_582_912
    let result = [Float](unsafeUninitializedCapacity: values.count) { target, count in
      values.withUnsafeBufferPointer { source in
        for index in source.indices {
          let t = source[index] * inverse
          target[index] = scale * ((t < low ? low : t > high ? high : t) + whole - whole)
        }
      }
      count = values.count
    }
    return Tensor(tensor.shape, result)
  }
}
