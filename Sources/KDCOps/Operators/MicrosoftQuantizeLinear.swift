import KDCGraph

/// saturate(round(x / scale) + zeroPoint), as ONNX's operator of the name. `com.microsoft.QuantizeLinear`: also of 16
/// bits, and of blocks, before ONNX had them.
package struct MicrosoftQuantizeLinear: StandardTwin {
  package static let onnxName = "QuantizeLinear"
  package static let domain = "com.microsoft"
  package static let inputCount = 2...3
  static let attributes: [String] = ["axis", "block_size"]
  let attributes: [String: Attribute]
}
