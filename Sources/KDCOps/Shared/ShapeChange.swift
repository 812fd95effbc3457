import KDCDiagnostics
import KDCGraph
import KDCTensor

/// An operator whose output is its first input under another shape.
protocol ShapeChange: Quantizable, Lowerable, Differentiable, ChannelPassing {
  /// The output's shape for an input of `shape`; `given` are the integers of input 1.
  func target(of shape: Shape, given: [Int]?) throws(Diagnostic) -> Shape
}

extension ShapeChange {
  package var quantizationRule: QuantizationRule { .sameAsInput(.rearrange) }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let x = try inputs.required(0)
    return [x.reshaped(to: try target(of: x.shape, given: inputs.optionalInts(1)))]
  }

  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    try lowering.view(node.inputs[0], node.outputs[0])
  }

  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    var result = [Tensor?].none(inputs.count)
    guard wanted.at(0), let x = inputs.optional(0), x.dataType == .float32 else { return result }
    result[0] = outputGradients.optional(0)?.reshaped(to: x.shape)
    return result
  }
}

extension ShapeChange {
  package func trace(_ node: Node, in trace: inout ChannelTrace) throws { trace.regroup(node) }
}
