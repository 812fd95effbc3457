import KDCDiagnostics
import KDCTensor

extension RMSNormalization: Differentiable {
  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    var result = [Tensor?].none(inputs.count)
    guard let gradient = try outputGradients.gradient() else { return result }
    let (x, scale) = (try inputs.floats(0), try inputs.floats(1))
    let count = x.shape.dims[(try normalized(axis: axis, rank: x.shape.rank))...].reduce(1, *)
    guard count > 0 else { return result }
    var (ofX, ofScale) = (x.values, [Float](repeating: 0, count: count))
    for row in stride(from: 0, to: ofX.count, by: count) {
      // With n = x · inverse: ∂n/∂x = inverse · (1 − n nᵀ / count).
      let inverse = inverseRootMeanSquare(x.values[row..<row + count], epsilon)
      var product: Float = 0
      for i in 0..<count {
        let normal = x.values[row + i] * inverse
        let slope = gradient[row + i] * (scale.values.count == 1 ? scale.values[0] : scale.values[i])
        ofScale[i] += gradient[row + i] * normal
        product += slope * normal
        ofX[row + i] = slope
      }
      let mean = product / Float(count)
      for i in 0..<count { ofX[row + i] = inverse * (ofX[row + i] - x.values[row + i] * inverse * mean) }
    }
    if wanted.at(0) { result[0] = Tensor(x.shape, ofX) }
    if wanted.at(1) {
      result[1] = Tensor(scale.shape, scale.values.count == count ? ofScale : [ofScale.reduce(0, +)])
    }
    return result
  }
}

extension LpNormalization: Differentiable {
  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    var result = [Tensor?].none(inputs.count)
    guard wanted.at(0), let gradient = try outputGradients.gradient() else { return result }
    let (shape, x) = try inputs.floats(0)
    let y = try outputs.floats(0).values
    let split = try AxisSplit(self, axis: axis, of: shape)
    var ofX = x
    for outer in 0..<split.outer {
      for inner in 0..<split.inner {
        let row = (0..<split.count).map { (outer * split.count + $0) * split.inner + inner }
        let sum = row.reduce(Float(0)) { $0 + (p == 1 ? abs(x[$1]) : x[$1] * x[$1]) }
        let norm = max(p == 1 ? sum : sum.squareRoot(), Self.leastNorm)
        // ∂‖x‖/∂x is x / ‖x‖, or the sign.
        let product = row.reduce(Float(0)) { $0 + gradient[$1] * y[$1] }
        for i in row {
          let slope = p == 1 ? (x[i] > 0 ? 1 : x[i] < 0 ? -1 : 0) : y[i]
          ofX[i] = (gradient[i] - slope * product) / norm
        }
      }
    }
    result[0] = Tensor(shape, ofX)
    return result
  }
}
