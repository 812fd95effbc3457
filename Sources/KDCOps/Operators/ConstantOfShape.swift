import KDCDiagnostics
import KDCGraph
import KDCTensor

/// A tensor of the shape the constant input gives, filled with one value, float32 0 by default. ONNX `ConstantOfShape`,
/// opsets 9, 20, 21.
package struct ConstantOfShape: Lowerable {
  package static let onnxName = "ConstantOfShape"
  /// One element.
  package let value: Tensor

  package init(decoding node: Node) throws(Diagnostic) {
    let tensor = try node.optionalTensor("value") ?? Tensor([1], [Float(0)])
    guard tensor.count == 1 else { throw node.invalid("value", "has shape \(tensor.shape), must have one element") }
    value = tensor.reshaped(to: [])
  }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    _ = try required(inputs, 0, "input")
    let shape = Shape(try constantInts(inputs, 0, "input") ?? [])
    guard shape.checkedCount() != nil else { throw shapeMismatch("cannot make a tensor of shape \(shape)") }
    return [TensorType(value.dataType, shape)]
  }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    [value.expanded(to: Shape(try inputs.optionalInts(0) ?? []))]
  }

  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let output = try lowering.write(node.outputs[0], as: .native, in: .rowMajor)
    let count = try lowering.shape(of: node.outputs[0]).count
    lowering.fill(output, with: value, count: count)
  }
}
