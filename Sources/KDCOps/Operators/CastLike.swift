import KDCDiagnostics
import KDCGraph
import KDCTensor

/// The values in the data type of the second input. ONNX `CastLike`, opsets 15, 19, 21.
package struct CastLike: Lowerable, ChannelPassing {
  package static let onnxName = "CastLike"
  package static let inputCount = 2...2
  package init(decoding node: Node) throws(Diagnostic) {}

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let type = try required(inputs, 0, "input").type
    return [TensorType(try required(inputs, 1, "target_type").type.dataType, type.shape)]
  }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    [try inputs.required(0).cast(to: inputs.required(1).dataType)]
  }

  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    try lowerCast(node, to: try lowering.type(of: node.outputs[0]).dataType, into: &lowering)
  }
  package func trace(_ node: Node, in trace: inout ChannelTrace) throws { trace.pass(node) }
}
