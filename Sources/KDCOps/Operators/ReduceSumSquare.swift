import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Sum of squares over some axes. ONNX `ReduceSumSquare`, opsets 1, 11, 13, 18; axes are an input from opset 18 on.
package struct ReduceSumSquare: Operator {
  package static let onnxName = "ReduceSumSquare"
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
      self, inputs, start: (0, 0), float: { $0 + $1 * $1 }, integer: { $0 &+ $1 &* $1 })
  }
}

extension ReduceSumSquare: Quantizable {
  package var quantizationRule: QuantizationRule { .float }
}
