import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Broadcasts to the constant input `shape`, both ways. ONNX `Expand`, opsets 8, 13.
package struct Expand: Quantizable {
  package static let onnxName = "Expand"
  package static let inputCount = 2...2
  package init(decoding node: Node) throws(Diagnostic) {}

  package var quantizationRule: QuantizationRule { .sameAsInput }

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
}
