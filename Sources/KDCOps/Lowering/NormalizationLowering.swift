import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor

extension Lowering {
  /// (x − mean) / sqrt(variance + epsilon) of each row of a dense [rows, columns].
  mutating func standardized(_ x: BufferID, rows: Int, columns: Int, epsilon: Float) -> BufferID {
    let sums = TensorType(.float32, [rows])
    let mean = temporary(sums)
    append {
      FloatReduceStep(
        name: $0, operation: .mean, input: x, output: mean, outer: rows, reduced: columns, inner: 1)
    }
    let centred = binary(.subtract, x, mean, rows: rows, columns: columns, strideB: (1, 0))
    let squares = unary(FloatFunction(.square), centred, count: rows * columns)
    let variance = temporary(sums)
    append {
      FloatReduceStep(
        name: $0, operation: .mean, input: squares, output: variance, outer: rows, reduced: columns, inner: 1)
    }
    let constant = loaded(Tensor([1], [epsilon]), "epsilon")
    let shifted = binary(.add, variance, constant, rows: 1, columns: rows, strideB: (0, 0))
    let deviation = unary(FloatFunction(.sqrt), shifted, count: rows)
    return binary(.divide, centred, deviation, rows: rows, columns: columns, strideB: (1, 0))
  }
}

extension LayerNormalization: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    guard node.outputs.dropFirst().allSatisfy({ !lowering.isUsed($0) }) else {
      throw cannotLower(node, "with its mean or deviation used")
    }
    let shape = try lowering.shape(of: node.inputs[0])
    let axis = try normalized(axis: try node.int("axis", default: -1), rank: shape.rank)
    let (rows, columns) = (shape.dims[..<axis].reduce(1, *), shape.dims[axis...].reduce(1, *))
    let x = try lowering.read(node.inputs[0], as: .native, in: [.rowMajor]).buffer
    let epsilon = try node.float("epsilon", default: 1e-5)
    let y = lowering.standardized(x, rows: rows, columns: columns, epsilon: epsilon)
    var operands: [BufferID?] = []
    for index in [1, 2] {
      guard let name = node.input(index) else {
        operands.append(nil)
        continue
      }
      guard try lowering.shape(of: name).count == columns else {
        throw cannotLower(node, "with scales that broadcast")
      }
      operands.append(try lowering.read(name, as: .native, in: [.rowMajor]).buffer)
    }
    try lowering.affine(
      y, operands[0], operands[1], rows: rows, columns: columns, stride: (0, 1), to: node.outputs[0], in: .rowMajor)
  }
}

extension InstanceNormalization: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let shape = try lowering.shape(of: node.inputs[0])
    guard shape[0] == 1 else { throw cannotLower(node, "of \(shape)", hint: "export the model with batch size 1") }
    let (rows, columns) = (shape[1], shape.dims[2...].reduce(1, *))
    let x = try lowering.read(node.inputs[0], as: .native, in: [.rowMajor]).buffer
    let epsilon = try node.float("epsilon", default: 1e-5)
    let y = lowering.standardized(x, rows: rows, columns: columns, epsilon: epsilon)
    let scale = try lowering.read(node.inputs[1], as: .native, in: [.rowMajor]).buffer
    let offset = try lowering.read(node.inputs[2], as: .native, in: [.rowMajor]).buffer
    try lowering.affine(
      y, scale, offset, rows: rows, columns: columns, stride: (1, 0), to: node.outputs[0], in: .rowMajor)
  }
}

extension RMSNormalization: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let shape = try lowering.shape(of: node.inputs[0])
    let axis = try normalized(axis: axis, rank: shape.rank)
    let (rows, columns) = (shape.dims[..<axis].reduce(1, *), shape.dims[axis...].reduce(1, *))
    let scaleCount = try lowering.shape(of: node.inputs[1]).count
    guard rows > 0, columns > 0, scaleCount == columns || scaleCount == 1 else {
      throw cannotLower(node, "with scales that broadcast")
    }
    let x = try lowering.read(node.inputs[0], as: .native, in: [.rowMajor]).buffer
    let squares = lowering.unary(FloatFunction(.square), x, count: rows * columns)
    let mean = lowering.temporary(TensorType(.float32, [rows]))
    lowering.append {
      FloatReduceStep(
        name: $0, operation: .mean, input: squares, output: mean, outer: rows, reduced: columns, inner: 1)
    }
    let constant = lowering.loaded(Tensor([1], [epsilon]), "epsilon")
    let shifted = lowering.binary(.add, mean, constant, rows: 1, columns: rows, strideB: (0, 0))
    let deviation = lowering.unary(FloatFunction(.sqrt), shifted, count: rows)
    let y = lowering.binary(.divide, x, deviation, rows: rows, columns: columns, strideB: (1, 0))
    let scale = try lowering.read(node.inputs[1], as: .native, in: [.rowMajor]).buffer
    try lowering.affine(
      y, scale, nil, rows: rows, columns: columns, stride: (0, scaleCount == 1 ? 0 : 1), to: node.outputs[0],
      in: .rowMajor)
  }
}

extension LpNormalization: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let shape = try lowering.shape(of: node.inputs[0])
    let axis = try normalized(axis: axis, rank: shape.rank)
    let outer = shape.dims[..<axis].reduce(1, *)
    let inner = shape.dims[(axis + 1)...].reduce(1, *)
    let (count, norms) = (shape[axis], outer * inner)
    guard norms > 0, count > 0 else { throw cannotLower(node, "of no elements") }
    let x = try lowering.read(node.inputs[0], as: .native, in: [.rowMajor]).buffer
    let parts = lowering.unary(FloatFunction(p == 1 ? .abs : .square), x, count: shape.count)
    var norm = lowering.temporary(TensorType(.float32, [norms]))
    lowering.append { [norm] in
      FloatReduceStep(
        name: $0, operation: .sum, input: parts, output: norm, outer: outer, reduced: count, inner: inner)
    }
    if p == 2 { norm = lowering.unary(FloatFunction(.sqrt), norm, count: norms) }
    let least = lowering.loaded(Tensor([1], [Self.leastNorm]), "least")
    let divisor = lowering.binary(.maximum, norm, least, rows: 1, columns: norms, strideB: (0, 0))
    let output = try lowering.write(node.outputs[0], as: .native, in: .rowMajor)
    let walk = Walk(
      extents: [outer, count, inner], strides: [[count * inner, inner, 1], [inner, 0, 1], [count * inner, inner, 1]])
    lowering.append {
      FloatBinaryStep(
        name: $0, operation: .divide, a: x, b: divisor, output: output, walk: walk.collapsed)
    }
  }
}
