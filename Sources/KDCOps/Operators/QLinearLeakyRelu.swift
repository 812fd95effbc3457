import KDCDiagnostics
import KDCGraph

/// LeakyRelu of a quantised tensor, quantised. `com.microsoft.QLinearLeakyRelu`.
package struct QLinearLeakyRelu: QuantizedFunction {
  package static let onnxName = "QLinearLeakyRelu"
  private let alpha: Float

  package init(decoding node: Node) throws(Diagnostic) { alpha = try node.float("alpha", default: 0.01) }

  func compute(_ x: String, _ expansion: inout Expansion) throws(Diagnostic) -> String {
    try expansion.add("LeakyRelu", [x], ["alpha": .float(alpha)])
  }
}
