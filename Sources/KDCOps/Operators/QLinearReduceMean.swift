import KDCDiagnostics
import KDCGraph

/// The mean over axes of a quantised tensor, quantised. `com.microsoft.QLinearReduceMean`; without axes over all.
package struct QLinearReduceMean: QuantizedFunction {
  package static let onnxName = "QLinearReduceMean"
  private let axes: [Int]?
  private let keeps: Bool

  package init(decoding node: Node) throws(Diagnostic) {
    axes = try node.optionalInts("axes")
    keeps = try node.flag("keepdims", default: true)
  }

  func compute(_ x: String, _ expansion: inout Expansion) throws(Diagnostic) -> String {
    let rank = expansion.shape(of: x).rank
    return try expansion.reduce("ReduceMean", x, axes: axes ?? Array(0..<rank), keeps: keeps)
  }
}
