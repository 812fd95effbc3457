import KDCDiagnostics
import KDCGraph
import KDCTensor

/// A matrix of the input's shape with ones on a diagonal, `k` above the main one, else 0; of type `dtype` or the input's. ONNX
/// `EyeLike`, opsets 9, 22. Known when compiling.
package struct EyeLike: TypeDetermined {
  package static let onnxName = "EyeLike"
  package let type: DataType?
  package let diagonal: Int

  package init(decoding node: Node) throws(Diagnostic) {
    diagonal = try node.int("k", default: 0)
    type = try node.optionalInt("dtype").map { code throws(Diagnostic) in
      guard let type = DataType(onnxCode: code) else { throw node.unsupported("'EyeLike' with dtype \(code)") }
      return type == .float64 || type == .float16 ? .float32 : type
    }
  }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let x = try required(inputs, 0, "input").type
    guard x.shape.rank == 2 else { throw shapeMismatch("input \(x) must have two dimensions") }
    return [TensorType(type ?? x.dataType, x.shape)]
  }

  package func outputs(forTypes inputs: [OperatorInput?]) throws -> [Tensor] {
    let output = try outputTypes(inputs)[0]
    let (rows, columns) = (output.shape[0], output.shape[1])
    // Beyond the matrix every diagonal means the same.
    let k = max(-rows, min(columns, diagonal))
    let values = (0..<rows * columns).map { $0 % columns - $0 / columns == k ? Int64(1) : 0 }
    return [Tensor(output.shape, values).cast(to: output.dataType)]
  }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    try outputs(forTypes: inputs.map { $0.map { OperatorInput(type: $0.type) } })
  }
}
