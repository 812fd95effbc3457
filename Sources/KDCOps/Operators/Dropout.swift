import KDCDiagnostics
import KDCGraph
import KDCTensor

/// At inference the input itself; the optional second output, the mask, is all true. ONNX `Dropout`, opsets 7, 10, 12,
/// 13. A model in training mode (input 2 constant and true) is refused.
package struct Dropout: ShapeChange, UnaryScalePassing {
  package static let onnxName = "Dropout"
  package static let inputCount = 1...3
  package static let outputCount = 1...2
  /// Opset < 10: the mask has the input's type.
  private let masksInInputType: Bool

  package init(decoding node: Node) throws(Diagnostic) { masksInInputType = node.opset < 10 }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let type = try required(inputs, 0, "data").type
    if let mode = try constant(inputs, 2, "training_mode"), case .bool(let values) = mode.elements,
      values.contains(true)
    {
      throw Diagnostic(
        .unsupportedAttribute, "'Dropout' in training mode is not supported", hint: "export the model for inference")
    }
    return [type, TensorType(masksInInputType ? type.dataType : .bool, type.shape)]
  }

  func target(of shape: Shape, given: [Int]?) throws(Diagnostic) -> Shape { shape }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let x = try inputs.required(0)
    let mask = Tensor(x.shape, [Bool](repeating: true, count: x.count))
    return [x, masksInInputType ? mask.cast(to: x.dataType) : mask]
  }

  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    if node.outputs.count > 1, lowering.isUsed(node.outputs[1]) {
      let type = try lowering.type(of: node.outputs[1])
      let mask = try lowering.write(node.outputs[1], as: .native, in: .rowMajor)
      lowering.fill(mask, with: Tensor([1], [true]).cast(to: type.dataType), count: type.shape.count)
    }
    try lowering.view(node.inputs[0], node.outputs[0])
  }

  package func trace(_ node: Node, in trace: inout ChannelTrace) throws { trace.pass(node) }
}
