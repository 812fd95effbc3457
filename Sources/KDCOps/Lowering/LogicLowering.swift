import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor

extension Operator {
  /// a op b as bool, of any type that steps can compare.
  func lowerComparison(_ node: Node, _ operation: CompareStep.Operation, into lowering: inout Lowering) throws {
    let type = try computedType(node, lowering, allowsBool: true)
    let (operands, walk, layout) = try lowering.elementwiseOperands(
      node.inputs, try lowering.shape(of: node.outputs[0]))
    let output = try lowering.write(node.outputs[0], as: .native, in: layout)
    lowering.append {
      CompareStep(
        name: $0, operation: operation, type: type, a: operands[0], b: operands[1], output: output, walk: walk)
    }
  }

  /// a op b of bool.
  func lowerLogic(_ node: Node, _ operation: IntegerBinaryStep.Operation, into lowering: inout Lowering) throws {
    let (operands, walk, layout) = try lowering.elementwiseOperands(
      node.inputs, try lowering.shape(of: node.outputs[0]))
    let output = try lowering.write(node.outputs[0], as: .native, in: layout)
    lowering.integerBinary(operation, .bool, operands[0], operands[1], to: output, walk: walk)
  }
}

extension Equal: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    try lowerComparison(node, .equal, into: &lowering)
  }
}
extension Greater: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    try lowerComparison(node, .greater, into: &lowering)
  }
}
extension GreaterOrEqual: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    try lowerComparison(node, .greaterOrEqual, into: &lowering)
  }
}
extension Less: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    try lowerComparison(node, .less, into: &lowering)
  }
}
extension LessOrEqual: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    try lowerComparison(node, .lessOrEqual, into: &lowering)
  }
}

extension And: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws { try lowerLogic(node, .and, into: &lowering) }
}
extension Or: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws { try lowerLogic(node, .or, into: &lowering) }
}
extension Xor: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws { try lowerLogic(node, .xor, into: &lowering) }
}
extension Not: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let form = try lowering.read(node.inputs[0], as: .native)
    let output = try lowering.write(node.outputs[0], as: .native, in: form.layout)
    _ = lowering.integerBinary(
      .xor, .bool, form.buffer, 1, count: try lowering.shape(of: node.inputs[0]).count, to: output)
  }
}
