import KDCDiagnostics
import KDCTensor

extension Resize: Differentiable {
  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    var result = [Tensor?].none(inputs.count)
    guard wanted.at(0), let gradient = outputGradients.optional(0) else { return result }
    let (_, tables) = try tables(inputs)
    result[0] = try gradient.unresized(by: tables, to: inputs.required(0).shape)
    return result
  }
}

extension Upsample: Differentiable {
  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    var result = [Tensor?].none(inputs.count)
    guard wanted.at(0), let gradient = outputGradients.optional(0) else { return result }
    let x = try inputs.required(0).shape
    let (shape, scales) = try target(of: x, given: inputs.optional(1)?.floats)
    var tables: [Resize.Table] = []
    for axis in 0..<shape.rank where shape[axis] != x[axis] || (isLinear && scales[axis] != 1) {
      var table = Resize.Table(axis: axis, lower: [], upper: [], weight: [])
      for position in 0..<shape[axis] {
        let at = min(Float(position) / scales[axis], Float(x[axis] - 1))
        table.lower.append(Int(at))
        table.upper.append(min(Int(at) + 1, x[axis] - 1))
        table.weight.append(isLinear ? at - Float(Int(at)) : 0)
      }
      tables.append(table)
    }
    result[0] = try gradient.unresized(by: tables, to: x)
    return result
  }
}

extension Tensor {
  /// The transpose of resampling along the tables' axes, which may be applied in any order.
  fileprivate func unresized(by tables: [Resize.Table], to shape: Shape) throws -> Tensor {
    var result = self
    for table in tables {
      guard let values = result.floats else { throw InternalError("gradient of \(type)") }
      var dims = result.shape.dims
      let (size, count) = (dims[table.axis], shape[table.axis])
      dims[table.axis] = count
      let inner = dims[(table.axis + 1)...].reduce(1, *)
      var sums = [Float](repeating: 0, count: Shape(dims).count)
      for o in 0..<dims[..<table.axis].reduce(1, *) {
        for position in 0..<size {
          let source = (o * size + position) * inner
          let weight = table.weight[position]
          let (low, high) = ((o * count + table.lower[position]) * inner, (o * count + table.upper[position]) * inner)
          for i in 0..<inner {
            sums[low &+ i] += values[source &+ i] * (1 - weight)
            if weight != 0 { sums[high &+ i] += values[source &+ i] * weight }
          }
        }
      }
      result = Tensor(Shape(dims), sums)
    }
    return result
  }
}
