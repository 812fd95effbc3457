import KDCDiagnostics
import KDCGraph
import KDCTensor

/// The mean of one or more float inputs with broadcasting. ONNX `Mean`, opsets 8, 13.
package struct Mean: Operator {
  package static let onnxName = "Mean"
  package static let inputCount = 1...Int.max
  package init(decoding node: Node) throws(Diagnostic) {}

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let (dataType, shapes) = try sameTypes(inputs, atLeast: 1) { $0 == .float32 }
    return [TensorType(dataType, try broadcast(shapes))]
  }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    var sum = try inputs.required(0)
    for index in inputs.indices.dropFirst() { sum = try Sum.combined(sum, inputs.required(index)) }
    guard let values = sum.floats else { throw InternalError("'Mean' of \(sum.type)") }
    let count = Float(inputs.count)
    return [Tensor(sum.shape, values.map { $0 / count })]
  }
}
