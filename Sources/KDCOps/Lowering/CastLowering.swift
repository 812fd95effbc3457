import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor

extension Operator {
  func lowerCast(_ node: Node, to: DataType, into lowering: inout Lowering) throws {
    let from = try lowering.type(of: node.inputs[0])
    if from.dataType == to { return try lowering.view(node.inputs[0], node.outputs[0]) }
    guard CastStep.types.contains(from.dataType), CastStep.types.contains(to) else {
      throw cannotLower(node, "from \(from.dataType.rawValue) to \(to.rawValue)")
    }
    let form = try lowering.read(node.inputs[0], as: .native)
    let output = try lowering.write(node.outputs[0], as: .native, in: form.layout)
    _ = lowering.cast(form.buffer, from: from.dataType, to: to, count: from.shape.count, output: output)
  }
}

extension Cast: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    try lowerCast(node, to: to, into: &lowering)
  }
}

extension CastLike: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    try lowerCast(node, to: try lowering.type(of: node.outputs[0]).dataType, into: &lowering)
  }
}

// Constants that are too large to be stored in the graph.

extension ConstantOfShape: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let output = try lowering.write(node.outputs[0], as: .native, in: .rowMajor)
    let count = try lowering.shape(of: node.outputs[0]).count
    lowering.fill(output, with: value, count: count)
  }
}

extension RangeOperator: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let values = try evaluate(node.inputs.map { lowering.constant($0) })
    let constant = lowering.addConstant(values[0], "values")
    let output = try lowering.write(node.outputs[0], as: .native, in: .rowMajor)
    lowering.append { LoadStep(name: $0, constant: constant, output: output, byteCount: values[0].byteCount) }
  }
}

extension Lowering {
  /// One value, a tensor of one element, in all of `count`.
  mutating func fill(_ output: BufferID, with value: Tensor, count: Int) {
    let bits = value.littleEndianBytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    let bytes = value.dataType.byteCount
    append { FillStep(name: $0, output: output, count: count, elementBytes: bytes, bits: bits) }
  }
}
