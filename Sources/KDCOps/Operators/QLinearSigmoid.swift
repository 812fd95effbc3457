import KDCDiagnostics
import KDCGraph

/// The sigmoid of a quantised tensor, quantised. `com.microsoft.QLinearSigmoid`.
package struct QLinearSigmoid: QuantizedFunction {
  package static let onnxName = "QLinearSigmoid"

  package init(decoding node: Node) throws(Diagnostic) {}

  func compute(_ x: String, _ expansion: inout Expansion) throws(Diagnostic) -> String {
    try expansion.add("Sigmoid", [x])
  }
}
