import KDCDiagnostics
import KDCGraph

/// Gelu(A + B), B being added to the last axis. `com.microsoft.BiasGelu`.
package struct BiasGelu: Expanding {
  package static let onnxName = "BiasGelu"
  package static let domain = "com.microsoft"
  package static let inputCount = 2...2

  package init(decoding node: Node) throws(Diagnostic) {}

  package func expand(_ inputs: [OperatorInput?], into expansion: inout Expansion) throws(Diagnostic) {
    expansion.outputs = [try expansion.add("Gelu", [expansion.add("Add", expansion.inputs)])]
  }
}
