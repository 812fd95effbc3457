import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Arithmetic mean over some axes. ONNX `ReduceMean`, opsets 1, 11, 13, 18; axes are an input from opset 18 on.
package struct ReduceMean: Operator {
  package static let onnxName = "ReduceMean"
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
      self, inputs, start: (0, 0), float: { $0 + $1 }, integer: { $0 &+ $1 },
      finishFloat: { $0 / Float($1) }, finishInteger: { $1 == 0 ? 0 : $0 / Int64($1) })
  }
}

extension ReduceMean: Quantizable {
  package var quantizationRule: QuantizationRule { .integer }
}
