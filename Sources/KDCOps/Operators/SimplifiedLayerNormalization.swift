import KDCDiagnostics
import KDCGraph

/// RMSNormalization, as ONNX Runtime's optimiser wrote it before ONNX had it: X, scale.
/// `SimplifiedLayerNormalization` of ONNX's own domain.
package struct SimplifiedLayerNormalization: Expanding {
  package static let onnxName = "SimplifiedLayerNormalization"
  package static let inputCount = 2...2
  private let axis: Int
  private let epsilon: Float

  package init(decoding node: Node) throws(Diagnostic) {
    axis = try node.int("axis", default: -1)
    epsilon = try node.float("epsilon", default: 1e-5)
  }

  package func expand(_ inputs: [OperatorInput?], into expansion: inout Expansion) throws(Diagnostic) {
    let x = try float(inputs, 0, "X", &expansion)
    let scale = try float(inputs, 1, "scale", &expansion)
    let y = try expansion.add(
      "RMSNormalization", [x, scale], ["axis": .int(Int64(axis)), "epsilon": .float(epsilon)])
    try finish(inputs, [y], &expansion)
  }
}
