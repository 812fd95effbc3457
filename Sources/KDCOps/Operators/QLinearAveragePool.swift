import KDCDiagnostics
import KDCGraph

/// The mean of each window of a quantised image, quantised. `com.microsoft.QLinearAveragePool`.
package struct QLinearAveragePool: QuantizedFunction {
  package static let onnxName = "QLinearAveragePool"
  private let channelsLast: Bool
  private let pool: [String: Attribute]

  package init(decoding node: Node) throws(Diagnostic) {
    channelsLast = try node.flag("channels_last", default: false)
    pool = node.attributes.filter { $0.key != "channels_last" }
    _ = try SpatialWindow(decoding: node)
  }

  func compute(_ x: String, _ expansion: inout Expansion) throws(Diagnostic) -> String {
    try expansion.inChannelsFirst(x, channelsLast) { expansion, x throws(Diagnostic) in
      try expansion.add("AveragePool", [x], pool)
    }
  }
}
