import KDCDiagnostics
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

extension Add: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    if try lowerWithConstant(node, into: &lowering, +) { return }
    if try lowering.integerAdd(node.inputs[0], node.inputs[1], node.outputs[0], sign: 1) { return }
    try lowerFold(node, .add, into: &lowering)
  }
}

extension Sub: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    if try lowerWithConstant(node, into: &lowering, -) { return }
    if try lowering.integerAdd(node.inputs[0], node.inputs[1], node.outputs[0], sign: -1) { return }
    try lowerFold(node, .subtract, into: &lowering)
  }
}

extension Mul: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    if try lowerWithConstant(node, into: &lowering, *) { return }
    if try lowering.integerMultiply(node.inputs[0], node.inputs[1], node.outputs[0]) { return }
    try lowerFold(node, .multiply, into: &lowering)
  }
}

extension Div: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    if try lowerWithConstant(node, into: &lowering, /) { return }
    try lowerFold(node, .divide, into: &lowering)
  }
}

extension Max: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    if try lowerWithConstant(node, into: &lowering, { $0 > $1 || $0 != $0 ? $0 : $1 }) { return }
    try lowerFold(node, .maximum, into: &lowering)
  }
}

extension Min: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    if try lowerWithConstant(node, into: &lowering, { $0 < $1 || $0 != $0 ? $0 : $1 }) { return }
    try lowerFold(node, .minimum, into: &lowering)
  }
}

extension Sum: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    if node.inputs.count == 2,
      try lowering.integerAdd(node.inputs[0], node.inputs[1], node.outputs[0], sign: 1)
    {
      return
    }
    try lowerFold(node, .add, into: &lowering)
  }
}

extension Pow: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    if try lowerIntegers(node, into: &lowering) { return }
    _ = try computedType(node, lowering)
    let (x, y) = (node.inputs[0], node.outputs[0])
    let (base, shape) = (try lowering.shape(of: x), try lowering.shape(of: y))
    guard let exponents = lowering.floatConstant(node.inputs[1])?.cast(to: .float32) else {
      let type = try lowering.type(of: node.inputs[1])
      if type.dataType == .float32 { return try lowering.floatBinary(.power, x, node.inputs[1], y) }
      _ = try computedType(node, lowering, index: 1)
      let integers = try lowering.read(node.inputs[1], as: .native, in: [.rowMajor]).buffer
      let floats = lowering.cast(integers, from: type.dataType, to: .float32, count: type.shape.count)
      return try lowerPower(x, (floats, type.shape), y, into: &lowering)
    }
    if let values = exponents.floats, values.count == 1, base == shape,
      try lowerScalar(values[0], x, y, into: &lowering)
    {
      return
    }
    // The exponents may be integers: the step gets them as floats.
    let floats = lowering.loaded(exponents, "exponents")
    try lowerPower(x, (floats, exponents.shape), y, into: &lowering)
  }

  /// The general power, with the exponents in a row-major float buffer.
  private func lowerPower(
    _ x: String, _ exponents: (buffer: BufferID, shape: Shape), _ y: String, into lowering: inout Lowering
  ) throws {
    let (base, shape) = (try lowering.shape(of: x), try lowering.shape(of: y))
    let left = try lowering.read(x, as: .native, in: [.rowMajor])
    let right = Lowering.Form(encoding: .native, layout: .rowMajor, buffer: exponents.buffer)
    let walk = lowering.binaryWalk((left, base), (right, exponents.shape), shape, .rowMajor)
    let buffer = try lowering.write(y, as: .native, in: .rowMajor)
    lowering.append {
      FloatBinaryStep(name: $0, operation: .power, a: left.buffer, b: right.buffer, output: buffer, walk: walk)
    }
  }

  /// Exponents that products and a quotient give, rounding once each; false for others.
  private func lowerScalar(
    _ exponent: Float, _ x: String, _ y: String, into lowering: inout Lowering
  ) throws -> Bool {
    switch exponent {
    case 1: try lowering.view(x, y)
    case 2: try lowering.floatUnary(FloatFunction(.square), x, y)
    case -1: try lowering.floatUnary(FloatFunction(.reciprocal), x, y)
    case 3:
      let count = try lowering.shape(of: x).count
      let form = try lowering.read(x, as: .native)
      let square = lowering.unary(FloatFunction(.square), form.buffer, count: count)
      let target = try lowering.write(y, as: .native, in: form.layout)
      _ = lowering.binary(.multiply, square, form.buffer, rows: 1, columns: count, strideB: (0, 1), to: target)
    default: return false
    }
    return true
  }
}
