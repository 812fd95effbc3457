import KDCDiagnostics
import KDCGraph

/// LayerNormalization(input + skip + bias) over the last axis. `com.microsoft.SkipLayerNormalization`: input, skip, gamma, beta,
/// bias; outputs output, mean, inv_std_var and the sum.
package struct SkipLayerNormalization: Expanding {
  package static let onnxName = "SkipLayerNormalization"
  package static let domain = "com.microsoft"
  package static let inputCount = 3...5
  package static let outputCount = 1...4
  private let epsilon: Float

  package init(decoding node: Node) throws(Diagnostic) { epsilon = try node.float("epsilon", default: 1e-12) }

  package func expand(_ inputs: [OperatorInput?], into expansion: inout Expansion) throws(Diagnostic) {
    let x = try requiredFloat(inputs, 0, "input")
    let skip = try requiredFloat(inputs, 1, "skip")
    guard x.rank >= 2 else { throw shapeMismatch("input \(x) must have two axes or more") }
    guard skip == x || skip.dims.suffix(x.rank - 1) == x.dims.suffix(x.rank - 1) else {
      throw shapeMismatch("skip \(skip) must have the shape \(x) of the input, or be one for all of a batch")
    }
    var sum = try expansion.add("Add", [expansion.inputs[0], expansion.inputs[1]])
    if let bias = expansion.operand(4) { sum = try expansion.add("Add", [sum, bias]) }
    var operands: [String?] = [sum, expansion.operand(2)]
    if let beta = expansion.operand(3) { operands.append(beta) }
    let normal = try expansion.add(
      "LayerNormalization", operands, ["axis": .int(-1), "epsilon": .float(epsilon)], outputs: 3)
    expansion.outputs = normal + [sum]
  }
}
