import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Square root of the sum of squares over some axes. ONNX `ReduceL2`, opsets 1, 11, 13, 18; axes are an input from opset 18 on.
package struct ReduceL2: Operator {
  package static let onnxName = "ReduceL2"
  package static let inputCount = 1...2
  package let reduction: Reduction

  package init(decoding node: Node) throws(Diagnostic) {
    reduction = try Reduction(decoding: node, axesInputSince: 18)
  }

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

extension ReduceL2: Quantizable {
  package var quantizationRule: QuantizationRule { .float }
}
