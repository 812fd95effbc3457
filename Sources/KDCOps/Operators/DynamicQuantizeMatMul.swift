import KDCDiagnostics
import KDCGraph
import KDCTensor

/// A · B + bias in float32, A being quantised by its own range and B quantised already. `com.microsoft.DynamicQuantizeMatMul`:
/// A, B, b_scale, b_zero_point, bias.
package struct DynamicQuantizeMatMul: Expanding {
  package static let onnxName = "DynamicQuantizeMatMul"
  package static let domain = "com.microsoft"
  package static let inputCount = 3...5

  package init(decoding node: Node) throws(Diagnostic) {}

  package func expand(_ inputs: [OperatorInput?], into expansion: inout Expansion) throws(Diagnostic) {
    _ = try requiredFloat(inputs, 0, "A")
    let b = try requiredBytes(inputs, 1, "B").shape
    let bytes = try expansion.add("DynamicQuantizeLinear", [expansion.inputs[0]], outputs: 3)
    let a = try expansion.dequantized(bytes[0], scale: bytes[1], zeroPoint: bytes[2])
    let weights = try expansion.dequantized(1, scale: 2, zeroPoint: 3, axis: max(b.rank - 1, 0))
    let product = try expansion.add("MatMul", [a, weights])
    guard let bias = expansion.operand(4) else { return expansion.outputs = [product] }
    expansion.outputs = [try expansion.add("Add", [product, bias])]
  }
}
