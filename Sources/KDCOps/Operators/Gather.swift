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

  package var quantizationRule: QuantizationRule { .sameAsInput(.cut) }

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
    return [data.keeping(picks, axis: axis).reshaped(to: result(data.shape, axis, indices.shape))]
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
    let encoding = lowering.encoding(of: node.outputs[0])
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

extension Gather: ChannelPassing {
  /// A constant list of indices picks labels; a single index, or computed ones, pin the axis.
  package func trace(_ node: Node, in trace: inout ChannelTrace) throws {
    let x = trace.labels(of: node.inputs[0])
    let axis = try normalized(axis: axis, rank: x.count)
    let rank = trace.shape(of: node.inputs[1]).rank
    var middle = [AxisLabels](repeating: nil, count: rank)
    if rank == 1, let own = x[axis], let list = trace.integers(node, 1) {
      middle = [list.map { own[$0 < 0 ? $0 + own.count : $0] }]
    } else {
      trace.pin(x[axis])
    }
    trace.labels[node.outputs[0]] = Array(x[..<axis]) + middle + Array(x[(axis + 1)...])
  }

  package func recount(_ node: inout Node, in removal: inout ChannelRemoval) throws {
    let shape = removal.shape(of: node.inputs[0])
    let axis = try normalized(axis: axis, rank: shape.rank)
    guard let list = removal.trace.integers(node, 1), removal.shape(of: node.inputs[1]).rank == 1,
      let kept = removal.kept(node.inputs[0], axis)
    else { return }
    let places = Dictionary(uniqueKeysWithValues: kept.enumerated().map { ($1, $0) })
    removal.set(list.compactMap { places[$0 < 0 ? $0 + shape[axis] : $0] }, input: 1, of: &node)
  }
}
