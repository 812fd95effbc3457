import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Broadcasts to the constant input `shape`, both ways. ONNX `Expand`, opsets 8, 13.
package struct Expand: Quantizable, ElementMovement, ChannelPassing {
  package static let onnxName = "Expand"
  package static let inputCount = 2...2
  package init(decoding node: Node) throws(Diagnostic) {}

  package var quantizationRule: QuantizationRule { .sameAsInput(.rearrange) }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let type = try required(inputs, 0, "input").type
    _ = try required(inputs, 1, "shape")
    let wanted = Shape(try constantInts(inputs, 1, "shape") ?? [])
    guard wanted.checkedCount() != nil else { throw shapeMismatch("cannot expand to \(wanted)") }
    return [TensorType(type.dataType, try broadcast([type.shape, wanted]))]
  }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let x = try inputs.required(0)
    return [x.expanded(to: try broadcast([x.shape, Shape(inputs.optionalInts(1) ?? [])]))]
  }

  package func trace(_ node: Node, in trace: inout ChannelTrace) throws { trace.stretch(node) }

  package func recount(_ node: inout Node, in removal: inout ChannelRemoval) throws {
    if let dims = removal.recountedDims(of: node) { removal.set(dims, input: 1, of: &node) }
  }
}

extension Expand: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let shape = try lowering.shape(of: node.inputs[0])
    let missing = try lowering.shape(of: node.outputs[0]).rank - shape.rank
    try lowering.select(
      node.inputs[0], node.outputs[0], starts: [Int](repeating: 0, count: shape.rank),
      axes: (0..<missing + shape.rank).map { axis in
        axis < missing || shape[axis - missing] == 1 ? nil : (axis - missing, 1)
      })
  }
}
