import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor

/// Sum of the magnitudes over some axes. ONNX `ReduceL1`, opsets 1, 11, 13, 18; axes are an input from opset 18 on.
package struct ReduceL1: Quantizable {
  package static let onnxName = "ReduceL1"
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
      self, inputs, start: (0, 0), float: { $0 + abs($1) }, integer: { $0 &+ ($1 < 0 ? 0 &- $1 : $1) })
  }
}

extension ReduceL1: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    try lowerReduction(node, reduction, .sum, before: FloatFunction(.abs), into: &lowering)
  }
}

extension ReduceL1: Differentiable {
  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    try reduction.scale(self, inputs, outputs, outputGradients.optional(0), wanted) { x, _ in
      x > 0 ? 1 : x < 0 ? -1 : 0
    }
  }
}
