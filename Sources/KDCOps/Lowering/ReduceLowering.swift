import KDCDiagnostics
import KDCGraph
import KDCProgram

extension Operator {
  func lowerReduction(
    _ node: Node, _ reduction: Reduction, _ operation: FloatReduceStep.Operation, before: FloatFunction = .identity,
    after: FloatFunction = .identity, into lowering: inout Lowering
  ) throws {
    let type = try computedType(node, lowering)
    let shape = try lowering.shape(of: node.inputs[0])
    let plan = try reduction.plan(self, input: shape, given: lowering.integers(node, 1))
    guard plan.count > 0 else { throw cannotLower(node, "of no elements") }
    guard type == .float32 || (operation != .mean && before == .identity && after == .identity) else {
      throw cannotLower(
        node, "of \(type.rawValue) values that are computed from data", hint: "cast its input to float32")
    }
    try lowering.reduce(operation, node.inputs[0], node.outputs[0], axes: plan.axes, before: before, after: after)
  }
}

extension ReduceMean: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    try lowerReduction(node, reduction, .mean, into: &lowering)
  }
}

extension ReduceSum: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    try lowerReduction(node, reduction, .sum, into: &lowering)
  }
}

extension ReduceMax: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    try lowerReduction(node, reduction, .maximum, into: &lowering)
  }
}

extension ReduceMin: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    try lowerReduction(node, reduction, .minimum, into: &lowering)
  }
}

extension ReduceL1: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    try lowerReduction(node, reduction, .sum, before: FloatFunction(.abs), into: &lowering)
  }
}

extension ReduceL2: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    try lowerReduction(
      node, reduction, .sum, before: FloatFunction(.square), after: FloatFunction(.sqrt), into: &lowering)
  }
}

extension ReduceSumSquare: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    try lowerReduction(node, reduction, .sum, before: FloatFunction(.square), into: &lowering)
  }
}
