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
