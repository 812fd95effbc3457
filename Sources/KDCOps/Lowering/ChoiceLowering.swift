import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor

extension Where: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let type = try lowering.type(of: node.outputs[0])
    let (operands, walk, layout) = try lowering.elementwiseOperands(Array(node.inputs.prefix(3)), type.shape)
    let output = try lowering.write(node.outputs[0], as: .native, in: layout)
    lowering.append {
      SelectStep(
        name: $0, condition: operands[0], a: operands[1], b: operands[2], output: output,
        elementBytes: type.dataType.byteCount, walk: walk)
    }
  }
}

extension Trilu: Lowerable {
  /// x where a constant mask of the matrix is true, else 0.
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let type = try lowering.type(of: node.inputs[0])
    let (rows, columns) = (type.shape[type.shape.rank - 2], type.shape[type.shape.rank - 1])
    let ones = Tensor([rows, columns], [Bool](repeating: true, count: rows * columns))
    let diagonal = node.input(1).flatMap { lowering.constant($0) }
    guard case .bool(let mask)? = try evaluate([ones, diagonal]).first?.elements else {
      throw InternalError("the mask of 'Trilu' is no bool")
    }
    let condition = lowering.loaded(Tensor([rows, columns], mask), "mask")
    let zero = lowering.loaded(Tensor([1], [Float(0)]).cast(to: type.dataType), "zero")
    let x = try lowering.read(node.inputs[0], as: .native, in: [.rowMajor]).buffer
    let output = try lowering.write(node.outputs[0], as: .native, in: .rowMajor)
    let strides = [rows * columns, columns, 1]
    let walk = Walk(
      extents: [type.shape.count / (rows * columns), rows, columns],
      strides: [[0, columns, 1], strides, [0, 0, 0], strides])
    lowering.append {
      SelectStep(
        name: $0, condition: condition, a: x, b: zero, output: output, elementBytes: type.dataType.byteCount,
        walk: walk.collapsed)
    }
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

extension GatherElements: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let type = try lowering.type(of: node.inputs[0])
    let indices = try lowering.type(of: node.inputs[1])
    let axis = try normalized(axis: axis, rank: type.shape.rank)
    if let picks = lowering.integers(node, 1) { _ = try checkedIndices(picks, of: type.shape[axis]) }
    let encoding = lowering.quantized(node.outputs[0]) ?? .native
    let data = try lowering.read(node.inputs[0], as: encoding, in: [.rowMajor]).buffer
    let index = try lowering.read(node.inputs[1], as: .native, in: [.rowMajor]).buffer
    let output = try lowering.write(node.outputs[0], as: encoding, in: .rowMajor)
    var strides = type.shape.strides
    let axisStride = strides[axis]
    strides[axis] = 0
    let walk = Walk.filling(indices.shape, .rowMajor, reading: [strides, indices.shape.strides])
    lowering.append {
      GatherElementsStep(
        name: $0, data: data, indices: index, indexBytes: indices.dataType.byteCount, output: output,
        elementBytes: encoding == .native ? type.dataType.byteCount : 1, rows: type.shape[axis],
        axisStride: axisStride, walk: walk)
    }
  }
}

extension ArgReduction {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let type = try computedType(node, lowering)
    let shape = try lowering.shape(of: node.inputs[0])
    let axis = try normalized(axis: options.axis, rank: shape.rank)
    let form = try lowering.read(node.inputs[0], as: .native)
    // In the order of memory; what is left of it is the output's layout.
    let order = form.layout.order(rank: shape.rank)
    let sizes = order.map { shape[$0] }
    let place = order.firstIndex(of: axis) ?? axis
    let layout = try lowering.layoutAfter(form.layout, shape, [axis], try lowering.shape(of: node.outputs[0]))
    let output = try lowering.write(node.outputs[0], as: .native, in: layout)
    let (isMaximum, takesLast) = (Self.isBetter(1, than: 0), options.takesLast)
    lowering.append {
      ArgReduceStep(
        name: $0, type: type, isMaximum: isMaximum, takesLast: takesLast, input: form.buffer, output: output,
        outer: sizes[..<place].reduce(1, *), reduced: sizes[place], inner: sizes[(place + 1)...].reduce(1, *))
    }
  }
}
extension ArgMax: Lowerable {}
extension ArgMin: Lowerable {}

extension CumSum: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let type = try computedType(node, lowering)
    let split = try AxisSplit(
      self, axis: lowering.integers(node, 1)?.first ?? 0, of: try lowering.shape(of: node.inputs[0]))
    let input = try lowering.read(node.inputs[0], as: .native, in: [.rowMajor]).buffer
    let output = try lowering.write(node.outputs[0], as: .native, in: .rowMajor)
    lowering.append {
      CumulativeSumStep(
        name: $0, type: type, input: input, output: output, outer: split.outer, count: split.count,
        inner: split.inner, exclusive: isExclusive, reversed: isReversed)
    }
  }
}
