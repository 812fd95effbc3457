import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor

/// Integer multipliers of y = a + b: scale/output · 2^shift for each.
struct AdditionFactors {
  var a: Int
  var b: Int
  var shift: Int

  /// nil where a ratio is too large for int16. `sign` −1 subtracts b.
  init?(a scaleA: Float, b scaleB: Float, output: Float, sign: Int = 1) {
    let ratios = [Double(scaleA) / Double(output), Double(scaleB) / Double(output)]
    guard let largest = ratios.max(), largest > 0, largest.rounded() <= 32767 else { return nil }
    var shift = 16
    while shift > 0, (largest * Double(1 << shift)).rounded() > 32767 { shift -= 1 }
    self.shift = shift
    a = Int((ratios[0] * Double(1 << shift)).rounded())
    b = sign * Int((ratios[1] * Double(1 << shift)).rounded())
  }
}

extension Lowering {
  /// Largest table that replaces an operation with a constant.
  private static let largestTable = 1 << 16

  /// The layout for the output of an element-wise operation: that of its largest computed operand.
  private func elementwiseLayout(_ inputs: [String], _ shape: Shape, _ encodings: [Encoding]) -> Layout {
    for (name, encoding) in zip(inputs, encodings) where constant(name) == nil {
      guard graph.types[name]?.shape == shape else { continue }
      let layouts = availableLayouts(name, encoding)
      if layouts.contains(.rowMajor) { return .rowMajor }
      if layouts.contains(.channelsLast) { return .channelsLast }
    }
    return .rowMajor
  }

  /// Strides with which a form is read over `shape`: 0 where it repeats.
  private func strides(_ form: Form, _ own: Shape, over shape: Shape) -> [Int] {
    let strides = form.layout.strides(of: own)
    let missing = shape.rank - own.rank
    return shape.dims.indices.map { axis in
      axis < missing || own[axis - missing] == 1 ? 0 : strides[axis - missing]
    }
  }

  /// The loops of an operation of `a` and `b` (with their shapes) that fills an output of `shape`.
  mutating func binaryWalk(
    _ a: (form: Form, shape: Shape), _ b: (form: Form, shape: Shape), _ shape: Shape, _ layout: Layout
  ) -> Walk {
    .filling(
      shape, layout.normalized(for: shape),
      reading: [strides(a.form, a.shape, over: shape), strides(b.form, b.shape, over: shape)])
  }

  /// A float operation of two values.
  mutating func floatBinary(
    _ operation: FloatBinaryStep.Operation, _ a: String, _ b: String, _ output: String
  ) throws {
    let shape = try shape(of: output)
    let layout = elementwiseLayout([a, b], shape, [.native, .native])
    let left = try readForElementwise(a, .native, layout, shape)
    let right = try readForElementwise(b, .native, layout, shape)
    let walk = binaryWalk((left, try self.shape(of: a)), (right, try self.shape(of: b)), shape, layout)
    let buffer = try write(output, as: .native, in: layout)
    append {
      FloatBinaryStep(name: $0, operation: operation, a: left.buffer, b: right.buffer, output: buffer, walk: walk)
    }
  }

  /// A full-size operand in the output's layout where it must be made anyway, else as it is.
  private mutating func readForElementwise(
    _ name: String, _ encoding: Encoding, _ layout: Layout, _ shape: Shape
  ) throws -> Form {
    guard try self.shape(of: name) == shape else { return try read(name, as: encoding) }
    return try read(name, as: encoding, in: [layout, .rowMajor, .channelsLast])
  }

  /// Add (sign 1), Sub (sign −1) of int8 values; false where there is no integer form.
  mutating func integerAdd(_ a: String, _ b: String, _ output: String, sign: Int) throws -> Bool {
    guard let operands = try integerOperands(a, b, output),
      let factors = AdditionFactors(
        a: operands.a.scale, b: operands.b.scale, output: operands.output.scale, sign: sign)
    else { return false }
    let buffer = try write(output, as: operands.output.encoding, in: operands.layout)
    let limits = limits(of: output)
    append {
      AddStep(
        name: $0, a: operands.a.form.buffer, b: operands.b.form.buffer, output: buffer, walk: operands.walk,
        zeroPointA: operands.a.zeroPoint, zeroPointB: operands.b.zeroPoint, multiplierA: factors.a,
        multiplierB: factors.b,
        requantization: Requantization(
          preShift: 0, shift: factors.shift, zeroPoint: operands.output.zeroPoint, low: limits.lowerBound,
          high: limits.upperBound))
    }
    return true
  }

  mutating func integerMultiply(_ a: String, _ b: String, _ output: String) throws -> Bool {
    guard let operands = try integerOperands(a, b, output),
      let factors = RequantizationChoice.factors(
        [Double(operands.a.scale) * Double(operands.b.scale) / Double(operands.output.scale)],
        accumulatorBound: 255 * 255),
      let multiplier = factors.multipliers.first
    else { return false }
    let buffer = try write(output, as: operands.output.encoding, in: operands.layout)
    let limits = limits(of: output)
    append {
      MultiplyStep(
        name: $0, a: operands.a.form.buffer, b: operands.b.form.buffer, output: buffer, walk: operands.walk,
        zeroPointA: operands.a.zeroPoint, zeroPointB: operands.b.zeroPoint, multiplier: multiplier,
        requantization: Requantization(
          preShift: factors.preShift, shift: factors.shift, zeroPoint: operands.output.zeroPoint,
          low: limits.lowerBound, high: limits.upperBound))
    }
    return true
  }

  private struct IntegerOperand {
    var form: Form
    var encoding: Encoding
    var scale: Float
    var zeroPoint: Int
    init?(_ form: Form, _ encoding: Encoding) {
      guard case .int8(let scale, let zeroPoint) = encoding else { return nil }
      self.form = form
      self.encoding = encoding
      self.scale = scale
      self.zeroPoint = zeroPoint
    }
  }
  private struct IntegerOperands {
    var a, b, output: IntegerOperand
    var layout: Layout
    var walk: Walk
  }

  private mutating func integerOperands(_ a: String, _ b: String, _ output: String) throws -> IntegerOperands? {
    guard let encodingA = integerEncoding(a), let encodingB = integerEncoding(b), let result = quantized(output) else {
      return nil
    }
    let shape = try shape(of: output)
    let layout = elementwiseLayout([a, b], shape, [encodingA, encodingB])
    let left = try readForElementwise(a, encodingA, layout, shape)
    let right = try readForElementwise(b, encodingB, layout, shape)
    guard let first = IntegerOperand(left, encodingA), let second = IntegerOperand(right, encodingB),
      let third = IntegerOperand(left, result)
    else { return nil }
    let walk = binaryWalk((left, try self.shape(of: a)), (right, try self.shape(of: b)), shape, layout)
    return IntegerOperands(a: first, b: second, output: third, layout: layout, walk: walk)
  }

  /// The value's own encoding, or for a float constant the one that covers its range.
  private func integerEncoding(_ name: String) -> Encoding? {
    if let encoding = quantized(name) { return encoding }
    guard let values = floatConstant(name)?.floats, values.allSatisfy({ $0.isFinite }) else { return nil }
    let low = min(values.min() ?? 0, 0)
    let high = max(values.max() ?? 0, 0)
    let scale = (high - low) / 255
    guard scale > 0, scale.isNormal else { return .int8(scale: 1, zeroPoint: 0) }
    return .int8(scale: scale, zeroPoint: Int((-128 - low / scale).rounded()))
  }

  /// An operation of which all but one operand are constant, as a table for each channel: `f(x, channel)`. False where
  /// the values are not int8 or the constants vary along more than the channels.
  mutating func integerTable(
    _ input: String, _ output: String, channels: Int, _ f: (Float, Int) -> Float
  ) throws -> Bool {
    guard let from = quantized(input), let to = quantized(output), case .int8(let scale, let zeroPoint) = from,
      case .int8(let outputScale, let outputZero) = to, channels * 256 <= Self.largestTable
    else { return false }
    let shape = try shape(of: input)
    guard try self.shape(of: output) == shape, channels == 1 || (shape.rank >= 2 && shape[1] == channels) else {
      return false
    }
    let limits = limits(of: output)
    let values = (0..<channels).flatMap { channel in
      (-128...127).map { q in
        QuantizeStep.quantize(
          f(Float(q - zeroPoint) * scale, channel), inverseScale: 1 / outputScale, zeroPoint: outputZero
        ).clamped(to: limits)
      }
    }
    let table = addConstant(Tensor([channels, 256], values), "table")
    let form = try read(input, as: from, in: channels > 1 ? [.channelsLast] : availableLayouts(input, from))
    let buffer = try write(output, as: to, in: form.layout)
    append {
      TableStep(
        name: $0, input: form.buffer, output: buffer, count: shape.count, channels: channels, table: table)
    }
    return true
  }

  /// y = f(x) in float, in whatever layout x has.
  mutating func floatUnary(_ function: FloatFunction, _ input: String, _ output: String) throws {
    let shape = try shape(of: input)
    let form = try read(input, as: .native)
    let buffer = try write(output, as: .native, in: form.layout)
    append {
      FloatUnaryStep(name: $0, function: function, input: form.buffer, output: buffer, count: shape.count)
    }
  }

  /// y = f(x) from buffer to a new buffer, for functions made of several steps.
  mutating func unary(_ function: FloatFunction, _ input: BufferID, count: Int) -> BufferID {
    let output = temporary(TensorType(.float32, [count]))
    append { FloatUnaryStep(name: $0, function: function, input: input, output: output, count: count) }
    return output
  }

  /// y = a op b over dense buffers of [outer, inner]; b may be one value (`scalar`), or one a row or a column.
  mutating func binary(
    _ operation: FloatBinaryStep.Operation, _ a: BufferID, _ b: BufferID, rows: Int, columns: Int,
    strideB: (row: Int, column: Int), to output: BufferID? = nil
  ) -> BufferID {
    let output = output ?? temporary(TensorType(.float32, [rows, columns]))
    let walk = Walk(extents: [rows, columns], strides: [[columns, 1], [strideB.row, strideB.column], [columns, 1]])
    append {
      FloatBinaryStep(name: $0, operation: operation, a: a, b: b, output: output, walk: walk.collapsed)
    }
    return output
  }
}

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

  /// A chain of float operations over all inputs, from the left.
  func lowerFold(_ node: Node, _ operation: FloatBinaryStep.Operation, into lowering: inout Lowering) throws {
    try requireFloat(node, lowering)
    guard node.inputs.count > 1 else { return try lowering.view(node.inputs[0], node.outputs[0]) }
    guard node.inputs.count > 2 else {
      return try lowering.floatBinary(operation, node.inputs[0], node.inputs[1], node.outputs[0])
    }
    let shape = try lowering.shape(of: node.outputs[0])
    for name in node.inputs where try lowering.shape(of: name) != shape {
      throw cannotLower(node, "of more than two inputs with broadcasting")
    }
    var sum = try lowering.read(node.inputs[0], as: .native, in: [.rowMajor]).buffer
    for (index, name) in node.inputs.enumerated().dropFirst() {
      let next = try lowering.read(name, as: .native, in: [.rowMajor]).buffer
      let target =
        index == node.inputs.count - 1 ? try lowering.write(node.outputs[0], as: .native, in: .rowMajor) : nil
      sum = lowering.binary(operation, sum, next, rows: 1, columns: shape.count, strideB: (0, 1), to: target)
    }
  }
}

extension UnaryFunction {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    try requireFloat(node, lowering)
    if try lowering.integerTable(node.inputs[0], node.outputs[0], channels: 1, { x, _ in apply(x) }) { return }
    guard let function else { return try lowerComposed(node, into: &lowering) }
    try lowering.floatUnary(function, node.inputs[0], node.outputs[0])
  }

  /// Functions that no single step has.
  private func lowerComposed(_ node: Node, into lowering: inout Lowering) throws {
    let count = try lowering.shape(of: node.inputs[0]).count
    let form = try lowering.read(node.inputs[0], as: .native)
    let x = form.buffer
    func product(_ a: BufferID, _ operation: FloatBinaryStep.Operation, _ b: BufferID) throws {
      let target = try lowering.write(node.outputs[0], as: .native, in: form.layout)
      _ = lowering.binary(operation, a, b, rows: 1, columns: count, strideB: (0, 1), to: target)
    }
    switch self {
    case is Mish:
      let softplus = lowering.unary(FloatFunction(.softplus), x, count: count)
      try product(x, .multiply, lowering.unary(FloatFunction(.tanh), softplus, count: count))
    case is Softsign:
      let magnitude = lowering.unary(FloatFunction(.abs), x, count: count)
      let one = lowering.loaded(Tensor([1], [Float(1)]), "one")
      try product(x, .divide, lowering.binary(.add, magnitude, one, rows: 1, columns: count, strideB: (0, 0)))
    case let selu as Selu:
      let elu = lowering.unary(FloatFunction(.elu, a: selu.alpha), x, count: count)
      let gamma = lowering.loaded(Tensor([1], [selu.gamma]), "gamma")
      let target = try lowering.write(node.outputs[0], as: .native, in: form.layout)
      _ = lowering.binary(.multiply, elu, gamma, rows: 1, columns: count, strideB: (0, 0), to: target)
    default:
      throw cannotLower(node, "has no float form", hint: "quantise its input and output, so that it becomes a table")
    }
  }
}

extension Clip: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    try requireFloat(node, lowering)
    func bound(_ index: Int) throws -> OperatorInput? {
      guard let name = node.input(index) else { return nil }
      return OperatorInput(type: try lowering.type(of: name), constant: lowering.constant(name))
    }
    guard let (low, high) = bounds(min: try bound(1), max: try bound(2)) else {
      throw cannotLower(node, "with bounds that are computed from data")
    }
    let function = FloatFunction(.clip, a: low, b: high)
    if try lowering.integerTable(node.inputs[0], node.outputs[0], channels: 1, { x, _ in function.apply(x) }) { return }
    try lowering.floatUnary(function, node.inputs[0], node.outputs[0])
  }
}

extension PRelu: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let name = node.inputs[0]
    if lowering.constant(node.inputs[1]) != nil,
      try lowerWithConstant(node, into: &lowering, { x, slope in x < 0 ? slope * x : x })
    {
      return
    }
    // max(x, 0) + slope · min(x, 0), one of which is 0.
    let shape = try lowering.shape(of: name)
    let form = try lowering.read(name, as: .native, in: [.rowMajor])
    let slope = try lowering.read(node.inputs[1], as: .native, in: [.rowMajor])
    let positive = lowering.unary(.relu, form.buffer, count: shape.count)
    let negative = lowering.unary(FloatFunction(.clip, a: -.infinity, b: 0), form.buffer, count: shape.count)
    let scaled = lowering.temporary(TensorType(.float32, shape))
    let walk = lowering.binaryWalk(
      (form, shape), (slope, try lowering.shape(of: node.inputs[1])), shape, .rowMajor)
    lowering.append {
      FloatBinaryStep(name: $0, operation: .multiply, a: negative, b: slope.buffer, output: scaled, walk: walk)
    }
    let target = try lowering.write(node.outputs[0], as: .native, in: .rowMajor)
    _ = lowering.binary(.add, positive, scaled, rows: 1, columns: shape.count, strideB: (0, 1), to: target)
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
    if try lowerWithConstant(node, into: &lowering, { $0 > $1 ? $0 : $1 }) { return }
    try lowerFold(node, .maximum, into: &lowering)
  }
}

extension Min: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    if try lowerWithConstant(node, into: &lowering, { $0 < $1 ? $0 : $1 }) { return }
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
    try requireFloat(node, lowering)
    let (x, y) = (node.inputs[0], node.outputs[0])
    if let exponent = lowering.floatConstant(node.inputs[1])?.cast(to: .float32).floats, exponent.count == 1 {
      let count = try lowering.shape(of: x).count
      switch exponent[0] {
      case 1: return try lowering.view(x, y)
      case 2: return try lowering.floatUnary(FloatFunction(.square), x, y)
      case 0.5: return try lowering.floatUnary(FloatFunction(.sqrt), x, y)
      case -1: return try lowering.floatUnary(FloatFunction(.reciprocal), x, y)
      case 3:
        let form = try lowering.read(x, as: .native)
        let square = lowering.unary(FloatFunction(.square), form.buffer, count: count)
        let target = try lowering.write(y, as: .native, in: form.layout)
        _ = lowering.binary(.multiply, square, form.buffer, rows: 1, columns: count, strideB: (0, 1), to: target)
        return
      default: break
      }
    }
    try lowering.floatBinary(.power, x, node.inputs[1], y)
  }
}
