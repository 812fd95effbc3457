import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor

/// Square root of the sum of squares over some axes. ONNX `ReduceL2`, opsets 1, 11, 13, 18; axes are an input from opset 18 on.
package struct ReduceL2: Quantizable {
  package static let onnxName = "ReduceL2"
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
      self, inputs, start: (0, 0), float: { $0 + $1 * $1 }, integer: { $0 &+ $1 &* $1 },
      finishFloat: { value, _ in value.squareRoot() },
      finishInteger: { value, _ in Int64(Double(max(value, 0)).squareRoot()) })
  }
}

extension ReduceL2: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    try lowerReduction(
      node, reduction, .sum, before: FloatFunction(.square), after: FloatFunction(.sqrt), into: &lowering)
  }
}

extension ReduceL2: Differentiable {
  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    // At 0 any slope in −1...1 would do.
    try reduction.scale(self, inputs, outputs, outputGradients.optional(0), wanted) { x, y in y > 0 ? x / y : 0 }
  }
}
