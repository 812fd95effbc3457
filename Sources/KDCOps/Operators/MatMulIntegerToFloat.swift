import KDCDiagnostics
import KDCGraph
import KDCTensor

/// A · B + bias in float32 of quantised matrices. `com.microsoft.MatMulIntegerToFloat`: A, B, a_scale, b_scale, a_zero_point,
/// b_zero_point, bias.
package struct MatMulIntegerToFloat: Expanding {
  package static let onnxName = "MatMulIntegerToFloat"
  package static let domain = "com.microsoft"
  package static let inputCount = 4...7

  package init(decoding node: Node) throws(Diagnostic) {}

  package func expand(_ inputs: [OperatorInput?], into expansion: inout Expansion) throws(Diagnostic) {
    let a = try requiredBytes(inputs, 0, "A").shape
    let b = try requiredBytes(inputs, 1, "B").shape
    let left = try expansion.dequantized(0, scale: 2, zeroPoint: 4, axis: max(a.rank - 2, 0))
    let right = try expansion.dequantized(1, scale: 3, zeroPoint: 5, axis: max(b.rank - 1, 0))
    let product = try expansion.add("MatMul", [left, right])
    guard let bias = expansion.operand(6) else { return expansion.outputs = [product] }
    expansion.outputs = [try expansion.add("Add", [product, bias])]
  }
}
