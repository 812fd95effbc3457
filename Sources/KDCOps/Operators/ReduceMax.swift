import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Largest element over some axes. ONNX `ReduceMax`, opsets 1, 11, 12, 13, 18, 20; axes are an input from opset 18 on.
package struct ReduceMax: Quantizable {
  package static let onnxName = "ReduceMax"
  package static let inputCount = 1...2
  package let reduction: Reduction

  package init(decoding node: Node) throws(Diagnostic) {
    reduction = try Reduction(decoding: node, axesInputSince: 18)
  }

  package var quantizationRule: QuantizationRule { .float }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    try reduction.outputTypes(self, inputs)
  }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    try reduction.evaluate(self, inputs, start: (-.infinity, .min), float: { $1 > $0 ? $1 : $0 }, integer: max)
  }
}

extension ReduceMax: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    try lowerReduction(node, reduction, .maximum, into: &lowering)
  }
}

extension ReduceMax: Differentiable {
  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    try reduction.route(self, inputs, outputs, outputGradients.optional(0), wanted)
  }
}
