import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Logical negation of a bool input. ONNX `Not`, opset 1.
package struct Not: ChannelPassing {
  package static let onnxName = "Not"
  package init(decoding node: Node) throws(Diagnostic) {}

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let type = try required(inputs, 0, "X").type
    guard type.dataType == .bool else { throw typeMismatch("input X is \(type), must be bool") }
    return [type]
  }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let x = try inputs.required(0)
    guard case .bool(let values) = x.elements else { throw InternalError("'Not' of \(x.type)") }
    return [Tensor(x.shape, values.map { !$0 })]
  }

  package func trace(_ node: Node, in trace: inout ChannelTrace) throws { trace.pass(node) }
}

extension Not: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let form = try lowering.read(node.inputs[0], as: .native)
    let output = try lowering.write(node.outputs[0], as: .native, in: form.layout)
    _ = lowering.integerBinary(
      .xor, .bool, form.buffer, 1, count: try lowering.shape(of: node.inputs[0]).count, to: output)
  }
}
