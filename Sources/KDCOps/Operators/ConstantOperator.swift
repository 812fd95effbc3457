import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor

/// A tensor stored in the node. ONNX `Constant`, opsets 1, 9, 11, 12, 13, 19, 21.
///
/// Attributes `value`, `value_float`, `value_floats`, `value_int`, `value_ints`.
///
/// Named ConstantOperator in Swift: `Constant` is a program's.
package struct ConstantOperator: Operator {
  package static let onnxName = "Constant"
  package static let inputCount = 0...0
  package let value: Tensor

  package init(decoding node: Node) throws(Diagnostic) {
    let kinds = ["value", "value_float", "value_floats", "value_int", "value_ints"]
    let unreadable = ["sparse_value", "value_string", "value_strings"].filter { node.attributes[$0] != nil }
    if let name = unreadable.first { throw node.unsupported("'Constant' with attribute '\(name)'") }
    if let tensor = try node.optionalTensor("value") {
      value = tensor
    } else if let scalar = try node.optionalFloat("value_float") {
      value = Tensor([], [scalar])
    } else if let list = try node.optionalFloats("value_floats") {
      value = Tensor([list.count], list)
    } else if let scalar = try node.optionalInt("value_int") {
      value = Tensor([], [Int64(scalar)])
    } else if let list = try node.optionalInts("value_ints") {
      value = Tensor([list.count], list.map { Int64($0) })
    } else {
      throw Diagnostic(
        .invalidAttribute, "'Constant' has no value", at: node.place,
        notes: ["one of: " + kinds.joined(separator: ", ")])
    }
  }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] { [value.type] }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] { [value] }
}
