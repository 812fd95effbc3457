import KDCGraph

/// (x − zeroPoint) · scale, as ONNX's operator of the name. `com.microsoft.DequantizeLinear`: also of 16
/// bits, and of blocks, before ONNX had them.
package struct MicrosoftDequantizeLinear: StandardTwin {
  package static let onnxName = "DequantizeLinear"
  package static let domain = "com.microsoft"
  package static let inputCount = 2...3
  static let attributes: [String] = ["axis", "block_size"]
  let attributes: [String: Attribute]
}
