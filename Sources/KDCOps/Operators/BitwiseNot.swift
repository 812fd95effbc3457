import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor

/// The opposite of every bit of an integer. ONNX `BitwiseNot`, opset 18.
package struct BitwiseNot: Lowerable, ChannelPassing {
  package static let onnxName = "BitwiseNot"
  package init(decoding node: Node) throws(Diagnostic) {}

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let type = try required(inputs, 0, "X").type
    guard !type.dataType.isFloat, type.dataType != .bool else {
      throw typeMismatch("input X is \(type), must be of an integer type")
    }
    return [type]
  }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let x = try inputs.required(0)
    switch x.elements.numbers {
    case .signed(let values): return [Tensor(x.shape, Numbers.signed(values.map { ~$0 }).elements(as: x.dataType))]
    case .unsigned(let values): return [Tensor(x.shape, .uint64(values.map { ~$0 }))]
    case .float, .double: throw InternalError("'BitwiseNot' of \(x.type)")
    }
  }

  /// Exclusive or with all bits.
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let type = try lowering.type(of: node.inputs[0])
    let form = try lowering.read(node.inputs[0], as: .native)
    let output = try lowering.write(node.outputs[0], as: .native, in: form.layout)
    _ = lowering.integerBinary(.bitXor, type.dataType, form.buffer, -1, count: type.shape.count, to: output)
  }

  package func trace(_ node: Node, in trace: inout ChannelTrace) throws { trace.pass(node) }
}
