import KDCDiagnostics
import KDCGraph
import KDCTensor

/// condition ? x : y, element by element with broadcasting. ONNX `Where`, opsets 9, 16.
package struct Where: Operator {
  package static let onnxName = "Where"
  package static let inputCount = 3...3
  package init(decoding node: Node) throws(Diagnostic) {}

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let condition = try required(inputs, 0, "condition").type
    let x = try required(inputs, 1, "X").type
    let y = try required(inputs, 2, "Y").type
    guard condition.dataType == .bool else { throw typeMismatch("input condition is \(condition), must be bool") }
    guard x.dataType == y.dataType else { throw typeMismatch("input X is \(x) and input Y is \(y)") }
    return [TensorType(x.dataType, try broadcast([condition.shape, x.shape, y.shape]))]
  }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let (condition, x, y) = (try inputs.required(0), try inputs.required(1), try inputs.required(2))
    let shape = try broadcast([condition.shape, x.shape, y.shape])
    guard case .bool(let chosen) = condition.expanded(to: shape).elements else { throw InternalError("not bool") }
    let both = try Tensor.chained([x.expanded(to: shape), y.expanded(to: shape)])
    return [both.picked(chosen.indices.map { chosen[$0] ? $0 : chosen.count + $0 }, shape: shape)]
  }
}
