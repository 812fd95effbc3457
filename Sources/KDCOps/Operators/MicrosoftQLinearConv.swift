import KDCDiagnostics
import KDCGraph

/// ONNX's operator of the name, of images with channels in front or, with channels_last, at the end; weights are as ONNX has
/// them. `com.microsoft.QLinearConv`.
package struct MicrosoftQLinearConv: Expanding {
  package static let onnxName = "QLinearConv"
  package static let domain = "com.microsoft"
  package static let inputCount = 8...9
  private let channelsLast: Bool
  private let convolution: [String: Attribute]

  package init(decoding node: Node) throws(Diagnostic) {
    channelsLast = try node.flag("channels_last", default: false)
    convolution = node.attributes.filter { $0.key != "channels_last" }
    _ = try SpatialWindow(decoding: node)
  }

  package func expand(_ inputs: [OperatorInput?], into expansion: inout Expansion) throws(Diagnostic) {
    _ = try requiredBytes(inputs, 0, "x")
    let operands = expansion.inputs.dropFirst()
    expansion.outputs = [
      try expansion.inChannelsFirst(expansion.inputs[0] ?? "", channelsLast) { expansion, x throws(Diagnostic) in
        try expansion.add("QLinearConv", [x] + operands, convolution)
      }
    ]
  }
}
