import KDCDiagnostics
import KDCTensor

extension LayerNormalization: Differentiable {
  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    var result = [Tensor?].none(inputs.count)
    let x = try inputs.floats(0)
    let scale = try inputs.floats(1)
    let (means, inverses) = (try outputs.floats(1).values, try outputs.floats(2).values)
    let count = x.shape.dims[(try normalized(axis: axis, rank: x.shape.rank))...].reduce(1, *)
    let rows = means.count
    let gradient = try outputGradients.gradient() ?? [Float](repeating: 0, count: x.values.count)
    let (ofMean, ofInverse) = (try outputGradients.gradient(1), try outputGradients.gradient(2))
    var (ofX, ofScale, ofBias) = (x.values, [Float](repeating: 0, count: count), [Float](repeating: 0, count: count))
    for row in 0..<rows {
      let start = row * count
      let (mean, inverse) = (means[row], inverses[row])
      var (sum, product): (Float, Float) = (0, 0)
      for i in 0..<count {
        let normal = (x.values[start + i] - mean) * inverse
        let slope = gradient[start + i] * (scale.values.count == 1 ? scale.values[0] : scale.values[i])
        ofScale[i] += gradient[start + i] * normal
        ofBias[i] += gradient[start + i]
        sum += slope
        product += slope * normal
        ofX[start + i] = slope
      }
      // ∂mean/∂x = 1 / count; ∂inverse/∂x = −inverse² · normal / count.
      let size = Float(max(1, count))
      let constant = inverse * sum / size - (ofMean?[row] ?? 0) / size
      let linear = inverse * product / size + (ofInverse?[row] ?? 0) * inverse * inverse / size
      for i in 0..<count {
        let normal = (x.values[start + i] - mean) * inverse
        ofX[start + i] = inverse * ofX[start + i] - constant - normal * linear
      }
    }
    if wanted.at(0) { result[0] = Tensor(x.shape, ofX) }
    for (index, values) in [(1, ofScale), (2, ofBias)] where wanted.at(index) {
      guard let input = inputs.optional(index) else { continue }
      result[index] = Tensor(input.shape, input.count == count ? values : [values.reduce(0, +)])
    }
    return result
  }
}

extension InstanceNormalization: Differentiable {
  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    guard let gradient = try outputGradients.gradient() else { return .none(inputs.count) }
    let (x, scale) = (try inputs.floats(0), try inputs.floats(1).values)
    let count = x.shape.dims[2...].reduce(1, *)
    var (ofScale, ofBias) = ([Float](repeating: 0, count: scale.count), [Float](repeating: 0, count: scale.count))
    let ofX = [Float](count: x.values.count) { result in
      x.values.withPointer { x in
        gradient.withPointer { gradient in
          for plane in 0..<outputs[0].shape.dims[..<2].reduce(1, *) {
            let (channel, start) = (plane % scale.count, plane * count)
            let (mean, inverse) = rowStatistics(UnsafeBufferPointer(start: x + start, count: count), epsilon)
            let row = Normalized(x: x + start, mean: mean, inverse: inverse, count: count)
            let sums = row.sums(gradient + start)
            ofScale[channel] += sums.product
            ofBias[channel] += sums.plain
            row.write(
              result + start, gradient + start, factor: scale[channel] * inverse, means: sums.divided(by: count))
          }
        }
      }
    }
    return [
      wanted.at(0) ? Tensor(x.shape, ofX) : nil, wanted.at(1) ? Tensor([scale.count], ofScale) : nil,
      wanted.at(2) ? Tensor([scale.count], ofBias) : nil,
    ]
  }
}

/// One row of x̂ = (x − mean) · inverse.
struct Normalized {
  let x: UnsafePointer<Float>
  let mean, inverse: Float
  let count: Int

  struct Sums {
    /// Σ g and Σ g · x̂.
    var plain, product: Float
    func divided(by count: Int) -> Sums {
      let size = Float(max(1, count))
      return Sums(plain: plain / size, product: product / size)
    }
  }

  func sums(_ g: UnsafePointer<Float>) -> Sums {
    // Σ g · x̂ = inverse · (Σ g · x − mean · Σ g) would cancel where the mean is large.
    var parts = (SIMD8<Float>.zero, SIMD8<Float>.zero)
    let (rawX, rawG) = (UnsafeRawPointer(x), UnsafeRawPointer(g))
    var i = 0
    while i &+ 8 <= count {
      let slope = rawG.loadUnaligned(fromByteOffset: i &* 4, as: SIMD8<Float>.self)
      parts.0 += slope
      parts.1 += slope * (rawX.loadUnaligned(fromByteOffset: i &* 4, as: SIMD8<Float>.self) - mean)
      i &+= 8
    }
    var (plain, product) = (parts.0.sum(), parts.1.sum())
    while i < count {
      plain += g[i]
      product += g[i] * (x[i] - mean)
      i &+= 1
    }
    return Sums(plain: plain, product: product * inverse)
  }

  /// factor · (g − mean of g − x̂ · mean of g · x̂).
  func write(_ result: UnsafeMutablePointer<Float>, _ g: UnsafePointer<Float>, factor: Float, means: Sums) {
    let linear = means.product * inverse
    for i in 0..<count { result[i] = factor * (g[i] - means.plain - (x[i] - mean) * linear) }
  }
}
