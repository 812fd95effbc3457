import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Smallest element over some axes. ONNX `ReduceMin`, opsets 1, 11, 12, 13, 18, 20; axes are an input from opset 18 on.
package struct ReduceMin: Quantizable {
  package static let onnxName = "ReduceMin"
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
    try reduction.evaluate(self, inputs, start: (.infinity, .max), float: { $1 < $0 ? $1 : $0 }, integer: min)
  }
}

extension ReduceMin: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    try lowerReduction(node, reduction, .minimum, into: &lowering)
  }
}

extension ReduceMin: Differentiable {
  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    try reduction.route(self, inputs, outputs, outputGradients.optional(0), wanted)
  }
}
