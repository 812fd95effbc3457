import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Sum over some axes. ONNX `ReduceSum`, opsets 1, 11, 13; axes are an input from opset 13 on.
package struct ReduceSum: Quantizable {
  package static let onnxName = "ReduceSum"
  package static let inputCount = 1...2
  package let reduction: Reduction

  package init(decoding node: Node) throws(Diagnostic) {
    reduction = try Reduction(decoding: node, axesInputSince: 13)
  }

  package var quantizationRule: QuantizationRule { .float }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    try reduction.outputTypes(self, inputs)
  }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    try reduction.evaluate(self, inputs, start: (0, 0), float: { $0 + $1 }, integer: { $0 &+ $1 })
  }
}

extension ReduceSum: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    try lowerReduction(node, reduction, .sum, into: &lowering)
  }
}

extension ReduceSum: Differentiable {
  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    try reduction.spread(self, inputs, outputGradients.optional(0), wanted) { _ in 1 }
  }
}
