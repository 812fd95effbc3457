import KDCDiagnostics
import KDCGraph
import KDCTensor

/// The input itself. ONNX `Identity`, opsets 1, 13, 14, 16, 19, 21.
package struct Identity: Quantizable, ShapeChange {
  package static let onnxName = "Identity"
  package init(decoding node: Node) throws(Diagnostic) {}

  package var quantizationRule: QuantizationRule { .sameAsInput }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    [try required(inputs, 0, "input").type]
  }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] { [try inputs.required(0)] }
}

extension Identity: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws { try lowerView(node, into: &lowering) }
}
