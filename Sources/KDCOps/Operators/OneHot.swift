import KDCDiagnostics
import KDCGraph
import KDCTensor

/// `values[1]` where the position along the new axis equals the index, `values[0]` elsewhere. ONNX `OneHot`, opsets 9, 11.
///
/// `depth` is constant. Negative indices count from the end; those outside −depth ..< depth give no hot element.
package struct OneHot: Operator {
  package static let onnxName = "OneHot"
  package static let inputCount = 3...3
  package let axis: Int

  package init(decoding node: Node) throws(Diagnostic) { axis = try node.int("axis", default: -1) }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let indices = try required(inputs, 0, "indices").type
    guard indices.dataType != .bool else { throw typeMismatch("indices are bool") }
    _ = try required(inputs, 1, "depth")
    let values = try required(inputs, 2, "values").type
    guard values.shape.count == 2 else { throw shapeMismatch("values is \(values), must have two elements") }
    guard let depth = Self.depth(try constant(inputs, 1, "depth")) else {
      throw Diagnostic(.valueOutOfRange, "'OneHot' needs a depth of at least 1")
    }
    return [TensorType(values.dataType, try result(indices.shape, depth))]
  }

  private static func depth(_ tensor: Tensor?) -> Int? {
    guard let tensor, tensor.count == 1, case .int64(let values) = tensor.cast(to: .int64).elements,
      values[0] > 0, values[0] < 1 << 40
    else { return nil }
    return Int(values[0])
  }

  private func result(_ indices: Shape, _ depth: Int) throws(Diagnostic) -> Shape {
    var dims = indices.dims
    dims.insert(depth, at: try normalized(axis: axis, rank: indices.rank + 1))
    return Shape(dims)
  }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let indices = try inputs.required(0)
    guard let depth = Self.depth(inputs.optional(1)) else { throw InternalError("'OneHot' has no depth") }
    let shape = try result(indices.shape, depth)
    let axis = try normalized(axis: axis, rank: shape.rank)
    let inner = shape.dims[(axis + 1)...].reduce(1, *)
    guard case .int64(let values) = indices.cast(to: .int64).elements else { throw InternalError("not int64") }
    var hot = [Int](repeating: 0, count: shape.count)
    for (at, value) in values.enumerated() where value >= -depth && value < depth {
      let index = value < 0 ? Int(value) + depth : Int(value)
      hot[(at / inner * depth + index) * inner + at % inner] = 1
    }
    return [try inputs.required(2).picked(hot, shape: shape)]
  }
}
