import KDCDiagnostics
import KDCGraph

/// The mean of each channel of a quantised image, quantised. `com.microsoft.QLinearGlobalAveragePool`.
package struct QLinearGlobalAveragePool: QuantizedFunction {
  package static let onnxName = "QLinearGlobalAveragePool"
  private let channelsLast: Bool

  package init(decoding node: Node) throws(Diagnostic) {
    channelsLast = try node.flag("channels_last", default: false)
  }

  func compute(_ x: String, _ expansion: inout Expansion) throws(Diagnostic) -> String {
    try expansion.inChannelsFirst(x, channelsLast) { expansion, x throws(Diagnostic) in
      try expansion.add("GlobalAveragePool", [x])
    }
  }
}

extension Expansion {
  /// A function of images [N, C, …], applied to [N, …, C] where `channelsLast` says so.
  mutating func inChannelsFirst(
    _ x: String, _ channelsLast: Bool, _ body: (inout Expansion, String) throws(Diagnostic) -> String
  ) throws(Diagnostic) -> String {
    let rank = shape(of: x).rank
    guard channelsLast, rank > 2 else { return try body(&self, x) }
    let first = try transpose(x, [0, rank - 1] + Array(1..<rank - 1))
    return try transpose(body(&self, first), [0] + Array(2..<rank) + [1])
  }
}
