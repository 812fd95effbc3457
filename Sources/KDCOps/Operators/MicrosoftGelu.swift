import KDCDiagnostics
import KDCGraph

/// x · Φ(x), as ONNX's Gelu without approximation. `com.microsoft.Gelu`.
package struct MicrosoftGelu: Expanding {
  package static let onnxName = "Gelu"
  package static let domain = "com.microsoft"

  package init(decoding node: Node) throws(Diagnostic) {}

  package func expand(_ inputs: [OperatorInput?], into expansion: inout Expansion) throws(Diagnostic) {
    _ = try requiredFloat(inputs, 0, "X")
    expansion.outputs = [try expansion.add("Gelu", [expansion.inputs[0]])]
  }
}
