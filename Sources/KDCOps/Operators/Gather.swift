import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor

/// Slices of `data` along one axis, picked by index. ONNX `Gather`, opsets 1, 11, 13.
///
/// Output shape: data's before the axis + indices' + data's after the axis. Negative indices count from the end.
package struct Gather: Quantizable, ElementMovement {
  package static let onnxName = "Gather"
  package static let inputCount = 2...2
  package let axis: Int

  package init(decoding node: Node) throws(Diagnostic) { axis = try node.int("axis", default: 0) }

  package var quantizationRule: QuantizationRule { .sameAsInput }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let data = try required(inputs, 0, "data").type
    let indices = try requiredIndices(inputs, 1)
    let axis = try normalized(axis: axis, rank: data.shape.rank)
    return [TensorType(data.dataType, result(data.shape, axis, indices))]
  }

  private func result(_ data: Shape, _ axis: Int, _ indices: Shape) -> Shape {
    Shape(data.dims[..<axis] + indices.dims + data.dims[(axis + 1)...])
  }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let (data, indices) = (try inputs.required(0), try inputs.required(1))
    let axis = try normalized(axis: axis, rank: data.shape.rank)
    let picks = try checkedIndices(inputs.optionalInts(1) ?? [], of: data.shape[axis])
    let inner = data.shape.dims[(axis + 1)...].reduce(1, *)
    let outer = data.shape.dims[..<axis].reduce(1, *)
    let rows = Rows(outer: outer, rows: data.shape[axis], inner: inner, picks: picks)
    return [data.rearranged(to: result(data.shape, axis, indices.shape), rows)]
  }
}

private struct Rows: Rearrangement {
  let outer: Int, rows: Int, inner: Int
  let picks: [Int]

  func move<T: TensorElement>(_ source: UnsafeBufferPointer<T>, to target: UnsafeMutableBufferPointer<T>) {
    var at = 0
    for o in 0..<outer {
      for pick in picks {
        let from = (o * rows + pick) * inner
        _ = UnsafeMutableBufferPointer(rebasing: target[at..<at + inner]).initialize(from: source[from..<from + inner])
        at += inner
      }
    }
  }
}

extension Operator {
  /// The shape of a required input of indices, int32 or int64. Throws KDC2012 or KDC2015.
  func requiredIndices(_ inputs: [OperatorInput?], _ index: Int) throws(Diagnostic) -> Shape {
    let type = try required(inputs, index, "indices").type
    guard type.dataType == .int64 || type.dataType == .int32 else {
      throw typeMismatch("input indices is \(type), must be int64 or int32")
    }
    return type.shape
  }

  /// Indices into an axis of `count` elements with negative ones counted from its end. Throws KDC2018 for one outside.
  func checkedIndices(_ indices: [Int], of count: Int) throws(Diagnostic) -> [Int] {
    if let bad = indices.first(where: { $0 < -count || $0 >= count }) {
      throw Diagnostic(.valueOutOfRange, "'\(Self.onnxName)' index \(bad) is outside an axis of \(count) elements")
    }
    return indices.map { $0 < 0 ? $0 + count : $0 }
  }
}

extension Gather: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let shape = try lowering.shape(of: node.inputs[0])
    let axis = try normalized(axis: axis, rank: shape.rank)
    let indexType = try lowering.type(of: node.inputs[1])
    // One constant index is a slice.
    if let picks = lowering.integers(node, 1), picks.count == 1, lowering.constant(node.inputs[0]) == nil {
      let pick = try checkedIndices(picks, of: shape[axis])[0]
      var starts = [Int](repeating: 0, count: shape.rank)
      starts[axis] = pick
      let before = (0..<axis).map { ($0, 1) as (axis: Int, step: Int)? }
      let after = (axis + 1..<shape.rank).map { ($0, 1) as (axis: Int, step: Int)? }
      return try lowering.select(
        node.inputs[0], node.outputs[0], starts: starts,
        axes: before + [(axis: Int, step: Int)?](repeating: nil, count: indexType.shape.rank) + after)
    }
    let encoding = lowering.quantized(node.outputs[0]) ?? .native
    let type = try lowering.type(of: node.inputs[0])
    var data: BufferID?
    var table: ConstantID?
    if let tensor = lowering.floatConstant(node.inputs[0]), encoding == .native {
      table = lowering.addConstant(tensor, "table")
    } else {
      data = try lowering.read(node.inputs[0], as: encoding, in: [.rowMajor]).buffer
    }
    let indices = try lowering.read(node.inputs[1], as: .native, in: [.rowMajor]).buffer
    let output = try lowering.write(node.outputs[0], as: encoding, in: .rowMajor)
    lowering.append {
      GatherStep(
        name: $0, data: data, table: table, indices: indices, indexBytes: indexType.dataType.byteCount,
        output: output, outer: shape.dims[..<axis].reduce(1, *), rows: shape[axis],
        inner: shape.dims[(axis + 1)...].reduce(1, *), picks: indexType.shape.count,
        elementBytes: encoding == .native ? type.dataType.byteCount : 1)
    }
  }
}
