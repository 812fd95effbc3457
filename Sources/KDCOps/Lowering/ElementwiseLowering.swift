import KDCGraph
import KDCProgram
import KDCTensor

extension Operator {
  /// Refuses what only floats can do.
  func requireFloat(_ node: Node, _ lowering: Lowering) throws {
    for name in node.inputs + node.outputs where !name.isEmpty {
      let type = try lowering.type(of: name)
      guard type.dataType == .float32 || lowering.constant(name) != nil else {
        throw cannotLower(node, "of \(type.dataType.rawValue) values that are computed from data")
      }
    }
  }

  /// Refuses first operands that are not float32, constant or not.
  func requireFloat32(_ node: Node, _ lowering: Lowering) throws {
    let type = try lowering.type(of: node.inputs[0]).dataType
    guard type == .float32 else { throw cannotLower(node, "of \(type.rawValue) values") }
  }

  /// The constant's value for each channel of an operand of `shape`: [1] or [C]; nil where it varies otherwise.
  func channelValues(_ constant: Tensor, _ shape: Shape) -> [Float]? {
    guard let values = constant.floats else { return nil }
    if values.count == 1 { return values }
    let missing = shape.rank - constant.shape.rank
    guard missing >= 0, shape.rank >= 2 else { return nil }
    for axis in constant.shape.dims.indices where axis + missing != 1 && constant.shape[axis] != 1 { return nil }
    return values.count == shape[1] ? values : nil
  }

  /// y = f(a, b) where one operand is constant, as tables; f is the operator's own definition.
  func lowerWithConstant(_ node: Node, into lowering: inout Lowering, _ f: (Float, Float) -> Float) throws -> Bool {
    guard node.inputs.count == 2 else { return false }
    for (input, other) in [(0, 1), (1, 0)] {
      guard let constant = lowering.floatConstant(node.inputs[other]), lowering.constant(node.inputs[input]) == nil,
        let values = channelValues(constant, try lowering.shape(of: node.inputs[input]))
      else { continue }
      return try lowering.integerTable(node.inputs[input], node.outputs[0], channels: values.count) { x, channel in
        input == 0 ? f(x, values[channel]) : f(values[channel], x)
      }
    }
    return false
  }

  /// A chain of operations over all inputs, from the left, in their own type.
  func lowerFold(_ node: Node, _ operation: FloatBinaryStep.Operation, into lowering: inout Lowering) throws {
    let type = try computedType(node, lowering)
    guard node.inputs.count > 1 else { return try lowering.view(node.inputs[0], node.outputs[0]) }
    guard node.inputs.count == 2 else {
      _ = try lowering.fold(operation, node.inputs, type, to: node.outputs[0])
      return
    }
    let (operands, walk, layout) = try lowering.elementwiseOperands(
      node.inputs, try lowering.shape(of: node.outputs[0]))
    let output = try lowering.write(node.outputs[0], as: .native, in: layout)
    try lowering.arithmetic(operation, type, operands[0], operands[1], to: output, walk: walk)
  }
}
