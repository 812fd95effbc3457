import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor

extension UnaryFunction {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    if try lowerIntegers(node, into: &lowering) { return }
    try requireFloat(node, lowering)
    if try lowering.integerTable(node.inputs[0], node.outputs[0], channels: 1, { x, _ in apply(x) }) { return }
    guard let function else { throw cannotLower(node, "has no float form") }
    try lowering.floatUnary(function, node.inputs[0], node.outputs[0])
  }
}

extension Selu {
  /// gamma · elu(x): two steps where it runs in float.
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    try requireFloat(node, lowering)
    if try lowering.integerTable(node.inputs[0], node.outputs[0], channels: 1, { x, _ in apply(x) }) { return }
    let count = try lowering.shape(of: node.inputs[0]).count
    let form = try lowering.read(node.inputs[0], as: .native)
    let elu = lowering.unary(FloatFunction(.elu, a: alpha), form.buffer, count: count)
    let factor = lowering.loaded(Tensor([1], [gamma]), "gamma")
    let target = try lowering.write(node.outputs[0], as: .native, in: form.layout)
    _ = lowering.binary(.multiply, elu, factor, rows: 1, columns: count, strideB: (0, 0), to: target)
  }
}

extension Clip: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    func bound(_ index: Int) throws -> OperatorInput? {
      guard let name = node.input(index) else { return nil }
      return OperatorInput(type: try lowering.type(of: name), constant: lowering.constant(name))
    }
    guard try lowering.type(of: node.inputs[0]).dataType == .float32,
      let (low, high) = bounds(min: try bound(1), max: try bound(2))
    else { return try lowerWithMaximum(node, into: &lowering) }
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
