import KDCDiagnostics
import KDCGraph

/// EmbedLayerNormalization with quantised tables. `com.microsoft.QEmbedLayerNormalization`: input_ids, segment_ids, the tables of
/// words, positions and segments, gamma, beta, mask, then a scale for each of the five, then their zero points.
package struct QEmbedLayerNormalization: Expanding {
  package static let onnxName = "QEmbedLayerNormalization"
  package static let domain = "com.microsoft"
  package static let inputCount = 1...18
  package static let outputCount = 1...2
  private let attributes: [String: Attribute]

  package init(decoding node: Node) throws(Diagnostic) {
    attributes = node.attributes
    _ = try EmbedLayerNormalization(decoding: node)
  }

  package func expand(_ inputs: [OperatorInput?], into expansion: inout Expansion) throws(Diagnostic) {
    for (index, name) in ["word_embedding", "position_embedding", "gamma", "beta"].enumerated() {
      _ = try requiredBytes(inputs, [2, 3, 5, 6][index], name)
    }
    var operands = [expansion.inputs[0], expansion.operand(1)]
    for index in 0..<5 {
      guard expansion.operand(index + 2) != nil else {
        operands.append(nil)
        continue
      }
      _ = try requiredFloat(inputs, index + 8, "scale of input \(index + 2)")
      operands.append(try expansion.dequantized(index + 2, scale: index + 8, zeroPoint: index + 13))
    }
    operands.append(expansion.operand(7))
    let outputs = try expansion.add(
      "EmbedLayerNormalization", operands, attributes, domain: "com.microsoft", outputs: 3)
    expansion.outputs = Array(outputs.prefix(2))
  }
}
