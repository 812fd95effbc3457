import KDCDiagnostics
import KDCGraph

/// ONNX Runtime's Attention of a quantised sequence by quantised weights, the result in float32. `com.microsoft.QAttention`:
/// input, weight, bias, input_scale, weight_scale, mask_index, input_zero_point, weight_zero_point, past.
package struct QAttention: Expanding {
  package static let onnxName = "QAttention"
  package static let domain = "com.microsoft"
  package static let inputCount = 5...9
  package static let outputCount = 1...2
  private let attributes: [String: Attribute]
  private let outputs: Int

  package init(decoding node: Node) throws(Diagnostic) {
    attributes = node.attributes
    outputs = max(1, node.outputs.count)
    _ = try FusedAttention(decoding: node)
  }

  package func expand(_ inputs: [OperatorInput?], into expansion: inout Expansion) throws(Diagnostic) {
    _ = try requiredBytes(inputs, 0, "input")
    _ = try requiredBytes(inputs, 1, "weight")
    let x = try expansion.dequantized(0, scale: 3, zeroPoint: 6)
    let weights = try expansion.dequantized(1, scale: 4, zeroPoint: 7, axis: 1)
    expansion.outputs = try expansion.add(
      "Attention", [x, weights, expansion.operand(2), expansion.operand(5), expansion.operand(8)], attributes,
      domain: "com.microsoft", outputs: outputs)
  }
}
