import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor

/// Whether each element is NaN, as bool. ONNX `IsNaN`, opsets 9, 13, 20.
package struct IsNaN: ChannelPassing {
  package static let onnxName = "IsNaN"
  package init(decoding node: Node) throws(Diagnostic) {}

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    [TensorType(.bool, try requiredFloats(inputs, 0, "X").shape)]
  }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let x = try inputs.required(0)
    switch x.elements.numbers {
    case .float(let values): return [Tensor(x.shape, values.map { $0.isNaN })]
    case .double(let values): return [Tensor(x.shape, values.map { $0.isNaN })]
    case .signed, .unsigned: throw InternalError("'IsNaN' of \(x.type)")
    }
  }

  package func trace(_ node: Node, in trace: inout ChannelTrace) throws { trace.pass(node) }
}

extension IsNaN: Lowerable {
  /// Not equal to itself.
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    try requireFloat32(node, lowering)
    let (form, count) = (try lowering.read(node.inputs[0], as: .native), try lowering.shape(of: node.inputs[0]).count)
    let isNumber = lowering.temporary(TensorType(.bool, [count]))
    lowering.append {
      CompareStep(
        name: $0, operation: .equal, type: .float32, a: form.buffer, b: form.buffer, output: isNumber,
        walk: Walk(extents: [count], strides: [[1], [1], [1]]))
    }
    let output = try lowering.write(node.outputs[0], as: .native, in: form.layout)
    _ = lowering.integerBinary(.xor, .bool, isNumber, 1, count: count, to: output)
  }
}
