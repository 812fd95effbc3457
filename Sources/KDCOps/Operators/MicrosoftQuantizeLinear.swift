import KDCDiagnostics
import KDCGraph

/// saturate(round(x / scale) + zeroPoint), as ONNX's operator of the name. `com.microsoft.QuantizeLinear`: also of 16
/// bits, and of blocks, before ONNX had them.
package struct MicrosoftQuantizeLinear: Expanding {
  package static let onnxName = "QuantizeLinear"
  package static let domain = "com.microsoft"
  package static let inputCount = 2...3
  private let attributes: [String: Attribute]

  package init(decoding node: Node) throws(Diagnostic) {
    attributes = node.attributes.filter { ["axis", "block_size"].contains($0.key) }
    _ = try node.int("axis", default: 1)
    _ = try node.int("block_size", default: 0)
  }

  package func expand(_ inputs: [OperatorInput?], into expansion: inout Expansion) throws(Diagnostic) {
    expansion.outputs = [try expansion.add("QuantizeLinear", expansion.inputs, attributes)]
  }
}
