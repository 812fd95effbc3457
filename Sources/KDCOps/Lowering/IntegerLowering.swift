import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor

// Operators that are defined for floats and for integers, where they get integers.

extension UnaryFunction {
  /// Neg, Abs, Sign and Relu of integers; false for floats.
  func lowerIntegers(_ node: Node, into lowering: inout Lowering) throws -> Bool {
    let type = try lowering.type(of: node.inputs[0])
    guard self is any IntegerUnaryFunction, !type.dataType.isFloat else { return false }
    let (count, isSigned) = (type.shape.count, !type.dataType.rawValue.hasPrefix("u"))
    if !isSigned, self is Abs || self is Relu {
      try lowering.view(node.inputs[0], node.outputs[0])
      return true
    }
    let form = try lowering.read(node.inputs[0], as: .native)
    let output = try lowering.write(node.outputs[0], as: .native, in: form.layout)
    func negated(to target: BufferID) {
      let zero = lowering.loaded(Tensor([1], [Int64(0)]).cast(to: type.dataType), "zero")
      let walk = Walk(extents: [count], strides: [[0], [1], [1]])
      lowering.integerBinary(.subtract, type.dataType, zero, form.buffer, to: target, walk: walk)
    }
    switch self {
    case is Neg: negated(to: output)
    case is Abs:
      let opposite = lowering.temporary(TensorType(type.dataType, [count]))
      negated(to: opposite)
      let walk = Walk(extents: [count], strides: [[1], [1], [1]])
      lowering.integerBinary(.maximum, type.dataType, form.buffer, opposite, to: output, walk: walk)
    case is Relu:
      _ = lowering.integerBinary(.maximum, type.dataType, form.buffer, 0, count: count, to: output)
    case is Sign:
      // Clamped to −1...1.
      let low = isSigned ? lowering.integerBinary(.maximum, type.dataType, form.buffer, -1, count: count) : form.buffer
      _ = lowering.integerBinary(.minimum, type.dataType, low, 1, count: count, to: output)
    default: throw cannotLower(node, "of \(type.dataType.rawValue) values that are computed from data")
    }
    return true
  }
}

extension Clip {
  /// max(x, low), then min of that and high, with bounds that are computed or of an integer type. Absent ones do nothing.
  func lowerWithMaximum(_ node: Node, into lowering: inout Lowering) throws {
    let type = try computedType(node, lowering)
    let count = try lowering.shape(of: node.inputs[0]).count
    var given: [(FloatBinaryStep.Operation, BufferID)] = []
    for (index, attribute, operation) in [(1, low, FloatBinaryStep.Operation.maximum), (2, high, .minimum)] {
      if let name = node.input(index) {
        given.append((operation, try lowering.read(name, as: .native, in: [.rowMajor]).buffer))
      } else if let attribute {
        given.append((operation, lowering.loaded(Tensor([1], [attribute]).cast(to: type), "bound")))
      }
    }
    guard !given.isEmpty else { return try lowering.view(node.inputs[0], node.outputs[0]) }
    let form = try lowering.read(node.inputs[0], as: .native)
    var x = form.buffer
    for (index, (operation, bound)) in given.enumerated() {
      let target =
        index == given.count - 1
        ? try lowering.write(node.outputs[0], as: .native, in: form.layout)
        : lowering.temporary(TensorType(type, [count]))
      try lowering.arithmetic(
        operation, type, x, bound, to: target, walk: Walk(extents: [count], strides: [[1], [0], [1]]))
      x = target
    }
  }
}

extension Pow {
  /// Powers of integers by integers, in 64 bits; false where the base is float.
  func lowerIntegers(_ node: Node, into lowering: inout Lowering) throws -> Bool {
    let (base, exponent) = (try lowering.type(of: node.inputs[0]), try lowering.type(of: node.inputs[1]))
    guard !base.dataType.isFloat else { return false }
    guard [base, exponent].allSatisfy({ $0.dataType != .uint64 && CastStep.types.contains($0.dataType) }),
      !exponent.dataType.isFloat
    else { throw cannotLower(node, "of \(base.dataType.rawValue) and \(exponent.dataType.rawValue) values") }
    let shape = try lowering.shape(of: node.outputs[0])
    var operands: [BufferID] = []
    for (name, type) in zip(node.inputs, [base, exponent]) {
      let buffer = try lowering.read(name, as: .native, in: [.rowMajor]).buffer
      operands.append(lowering.cast(buffer, from: type.dataType, to: .int64, count: type.shape.count))
    }
    let output = try lowering.write(node.outputs[0], as: .native, in: .rowMajor)
    let isWide = base.dataType == .int64
    let power = isWide ? output : lowering.temporary(TensorType(.int64, shape))
    let walk = Walk.filling(
      shape, .rowMajor, reading: [base, exponent].map { Broadcasting.strides(of: $0.shape, over: shape) })
    lowering.integerBinary(.power, .int64, operands[0], operands[1], to: power, walk: walk)
    if !isWide {
      _ = lowering.cast(power, from: .int64, to: base.dataType, count: shape.count, output: output)
    }
    return true
  }
}

extension Mod: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let type = try computedType(node, lowering)
    let (operands, walk, layout) = try lowering.elementwiseOperands(
      Array(node.inputs.prefix(2)), try lowering.shape(of: node.outputs[0]))
    let output = try lowering.write(node.outputs[0], as: .native, in: layout)
    if type == .float32 {
      return try lowering.arithmetic(.remainder, type, operands[0], operands[1], to: output, walk: walk)
    }
    lowering.integerBinary(
      takesSignOfDividend ? .remainder : .modulo, type, operands[0], operands[1], to: output, walk: walk)
  }
}

extension Mean: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    guard node.inputs.count > 1 else { return try lowering.view(node.inputs[0], node.outputs[0]) }
    let sum = try lowering.fold(.add, node.inputs, .float32, to: nil)
    let count = lowering.loaded(Tensor([1], [Float(node.inputs.count)]), "count")
    let output = try lowering.write(node.outputs[0], as: .native, in: .rowMajor)
    let elements = try lowering.shape(of: node.outputs[0]).count
    try lowering.arithmetic(
      .divide, .float32, sum, count, to: output, walk: Walk(extents: [elements], strides: [[1], [0], [1]]))
  }
}
