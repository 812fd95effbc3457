import KDCDiagnostics
import KDCGraph

/// Gelu by the hyperbolic tangent, of X + bias. `com.microsoft.FastGelu`; the bias is optional.
package struct FastGelu: Expanding {
  package static let onnxName = "FastGelu"
  package static let domain = "com.microsoft"
  package static let inputCount = 1...2

  package init(decoding node: Node) throws(Diagnostic) {}

  package func expand(_ inputs: [OperatorInput?], into expansion: inout Expansion) throws(Diagnostic) {
    _ = try requiredFloat(inputs, 0, "X")
    let x =
      expansion.operand(1) == nil
      ? expansion.inputs[0] ?? "" : try expansion.add("Add", [expansion.inputs[0], expansion.inputs[1]])
    expansion.outputs = [try expansion.add("Gelu", [x], ["approximate": .string("tanh")])]
  }
}
