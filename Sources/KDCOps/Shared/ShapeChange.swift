import KDCGraph
import KDCTensor

extension Operator {
  func lowerView(_ node: Node, into lowering: inout Lowering) throws {
    try lowering.view(node.inputs[0], node.outputs[0])
  }
}

/// An operator whose output is its first input under another shape.
protocol ShapeChange: Differentiable {}

extension ShapeChange {
  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    var result = [Tensor?].none(inputs.count)
    guard wanted.at(0), let x = inputs.optional(0), x.dataType == .float32 else { return result }
    result[0] = outputGradients.optional(0)?.reshaped(to: x.shape)
    return result
  }
}
