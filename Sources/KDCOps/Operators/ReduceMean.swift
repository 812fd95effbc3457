import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Arithmetic mean over some axes. ONNX `ReduceMean`, opsets 1, 11, 13, 18; axes are an input from opset 18 on.
package struct ReduceMean: Quantizable {
  package static let onnxName = "ReduceMean"
  package static let inputCount = 1...2
  package let reduction: Reduction

  package init(decoding node: Node) throws(Diagnostic) {
    reduction = try Reduction(decoding: node, axesInputSince: 18)
  }

  package var quantizationRule: QuantizationRule { .integer }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    try reduction.outputTypes(self, inputs)
  }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    try reduction.evaluate(
      self, inputs, start: (0, 0), float: { $0 + $1 }, integer: { $0 &+ $1 },
      finishFloat: { $0 / Float($1) }, finishInteger: { $1 == 0 ? 0 : $0 / Int64($1) })
  }
}

extension ReduceMean: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    try lowerReduction(node, reduction, .mean, into: &lowering)
  }
}

extension ReduceMean: Differentiable {
  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    try reduction.spread(self, inputs, outputGradients.optional(0), wanted) { 1 / Float(max(1, $0)) }
  }
}
