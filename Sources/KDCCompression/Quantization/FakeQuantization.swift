import KDCGraph
import KDCTensor

extension QuantizationParameters {
  /// The values as int8 holds them, in float again: scale · (clamp(round(x / scale) + zeroPoint) − zeroPoint), rounding
  /// half to even as `QuantizeStep` does.
  package func fakeQuantized(_ tensor: Tensor) -> Tensor {
    guard let values = tensor.floats else { return tensor }
    let inverse = 1 / scale
    let low = Float(limits.lowerBound - zeroPoint)
    let high = Float(limits.upperBound - zeroPoint)
    let result = [Float](unsafeUninitializedCapacity: values.count) { target, count in
      values.withUnsafeBufferPointer { source in
        for index in source.indices {
          let t = (source[index] * inverse).rounded(.toNearestOrEven)
          target[index] = scale * (t < low ? low : t > high ? high : t)
        }
      }
      count = values.count
    }
    return Tensor(tensor.shape, result)
  }
}
