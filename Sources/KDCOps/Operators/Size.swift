import KDCDiagnostics
import KDCGraph
import KDCTensor

/// The number of elements, an int64 scalar. ONNX `Size`, opsets 1, 13, 19, 21.
package struct Size: TypeDetermined {
  package static let onnxName = "Size"
  package init(decoding node: Node) throws(Diagnostic) {}

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    _ = try required(inputs, 0, "data")
    return [TensorType(.int64, [])]
  }

  package func outputs(forTypes inputs: [OperatorInput?]) throws -> [Tensor] {
    [Tensor([], [Int64(try required(inputs, 0, "data").type.shape.count)])]
  }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    try outputs(forTypes: [OperatorInput(type: inputs.required(0).type)])
  }
}
