import KDCDiagnostics
import KDCTensor

/// An operator whose output is its first input under another shape.
protocol ShapeChange: Differentiable {}

extension ShapeChange {
  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    var result = [Tensor?].none(inputs.count)
    guard wanted.at(0), let x = inputs.optional(0), x.dataType == .float32 else { return result }
    result[0] = outputGradients.optional(0)?.reshaped(to: x.shape)
    return result
  }
}

extension Reshape: ShapeChange {}
extension Flatten: ShapeChange {}
extension Squeeze: ShapeChange {}
extension Unsqueeze: ShapeChange {}
extension Identity: ShapeChange {}
extension Dropout: ShapeChange {}

extension Cast: Differentiable {
  /// Between float types; through an integer nothing is passed back.
  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    guard wanted.at(0), to == .float32, inputs.optional(0)?.dataType == .float32 else { return .none(inputs.count) }
    return [outputGradients.optional(0)]
  }
}

extension Transpose: Differentiable {
  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    guard wanted.at(0), let gradient = outputGradients.optional(0) else { return .none(inputs.count) }
    let x = try inputs.required(0).shape
    let order = try permutation(rank: x.rank)
    let strides = gradient.shape.strides
    var inverse = [Int](repeating: 0, count: order.count)
    for (position, axis) in order.enumerated() { inverse[axis] = strides[position] }
    return [gradient.strided(offset: 0, strides: inverse, shape: x)]
  }
}

extension Concat: Differentiable {
  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    var result = [Tensor?].none(inputs.count)
    guard let gradient = outputGradients.optional(0) else { return result }
    let strides = gradient.shape.strides
    let axis = try normalized(axis: axis, rank: gradient.shape.rank)
    var start = 0
    for index in inputs.indices {
      let shape = try inputs.required(index).shape
      if wanted.at(index) {
        result[index] = gradient.strided(offset: start * strides[axis], strides: strides, shape: shape)
      }
      start += shape[axis]
    }
    return result
  }
}
