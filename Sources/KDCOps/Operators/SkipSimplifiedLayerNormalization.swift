import KDCDiagnostics
import KDCGraph

/// RMSNormalization(input + skip + bias) over the last axis. `com.microsoft.SkipSimplifiedLayerNormalization`: input, skip, gamma,
/// bias; outputs output, two that are not computed, and the sum.
package struct SkipSimplifiedLayerNormalization: Expanding {
  package static let onnxName = "SkipSimplifiedLayerNormalization"
  package static let domain = "com.microsoft"
  package static let inputCount = 3...4
  package static let outputCount = 1...4
  private let epsilon: Float

  package init(decoding node: Node) throws(Diagnostic) {
    epsilon = try node.float("epsilon", default: 1e-12)
    for index in 1..<3 where index < node.outputs.count && !node.outputs[index].isEmpty {
      throw node.unsupported("output \(index) of 'SkipSimplifiedLayerNormalization'")
    }
  }

  package func expand(_ inputs: [OperatorInput?], into expansion: inout Expansion) throws(Diagnostic) {
    _ = try requiredFloat(inputs, 0, "input")
    var sum = try expansion.add("Add", [expansion.inputs[0], expansion.inputs[1]])
    if let bias = expansion.operand(3) { sum = try expansion.add("Add", [sum, bias]) }
    let y = try expansion.add(
      "RMSNormalization", [sum, expansion.operand(2)], ["axis": .int(-1), "epsilon": .float(epsilon)])
    // The two between are refused where a node names them.
    expansion.outputs = [y, sum, sum, sum]
  }
}
