import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor

/// Sum of squares over some axes. ONNX `ReduceSumSquare`, opsets 1, 11, 13, 18; axes are an input from opset 18 on.
package struct ReduceSumSquare: Quantizable {
  package static let onnxName = "ReduceSumSquare"
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
    try reduction.evaluate(
      self, inputs, start: (0, 0), float: { $0 + $1 * $1 }, integer: { $0 &+ $1 &* $1 })
  }
}

extension ReduceSumSquare: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    try lowerReduction(node, reduction, .sum, before: FloatFunction(.square), into: &lowering)
  }
}

extension ReduceSumSquare: Differentiable {
  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    try reduction.scale(self, inputs, outputs, outputGradients.optional(0), wanted) { x, _ in 2 * x }
  }
}
