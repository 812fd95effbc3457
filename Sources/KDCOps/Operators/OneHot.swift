import KDCDiagnostics
import KDCGraph
import KDCProgram
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

extension OneHot: Lowerable {
  /// index = position or index = position − depth along the new axis; there the second value, elsewhere the first.
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let from = try computedType(node, lowering)
    let indices = try lowering.shape(of: node.inputs[0])
    let type = try lowering.type(of: node.outputs[0])
    let axis = try normalized(axis: axis, rank: type.shape.rank)
    let (depth, inner) = (type.shape[axis], type.shape.dims[(axis + 1)...].reduce(1, *))
    let index = lowering.cast(
      try lowering.read(node.inputs[0], as: .native, in: [.rowMajor]).buffer, from: from, to: .int64,
      count: indices.count)
    let extents = [indices.count / inner, depth, inner]
    let dense = [depth * inner, inner, 1]
    var hot: [BufferID] = []
    for first in [0, -depth] {
      let positions = lowering.loaded(Tensor([depth], (0..<depth).map { Int64(first + $0) }), "positions")
      let isHere = lowering.temporary(TensorType(.bool, type.shape))
      let walk = Walk(extents: extents, strides: [[inner, 0, 1], [0, 1, 0], dense]).collapsed
      lowering.append {
        CompareStep(
          name: $0, operation: .equal, type: .int64, a: index, b: positions, output: isHere, walk: walk)
      }
      hot.append(isHere)
    }
    let isHot = lowering.temporary(TensorType(.bool, type.shape))
    lowering.integerBinary(
      .or, .bool, hot[0], hot[1], to: isHot, walk: Walk(extents: [type.shape.count], strides: [[1], [1], [1]]))
    let values = try lowering.read(node.inputs[2], as: .native, in: [.rowMajor]).buffer
    let bytes = type.dataType.byteCount
    let parts = [0, 1].map { offset in
      let part = lowering.temporary(TensorType(type.dataType, [1]))
      lowering.append {
        MoveStep(
          name: $0, input: values, output: part, elementBytes: bytes, inputOffset: offset, outputOffset: 0,
          walk: Walk(extents: [1], strides: [[1], [1]]))
      }
      return part
    }
    let output = try lowering.write(node.outputs[0], as: .native, in: .rowMajor)
    lowering.append {
      SelectStep(
        name: $0, condition: isHot, a: parts[1], b: parts[0], output: output, elementBytes: bytes,
        walk: Walk(extents: [type.shape.count], strides: [[1], [0], [0], [1]]))
    }
  }
}
