import KDCGraph

/// x · Φ(x), as ONNX's Gelu without approximation. `com.microsoft.Gelu`.
package struct MicrosoftGelu: StandardTwin {
  package static let onnxName = "Gelu"
  package static let domain = "com.microsoft"
  static let attributes: [String] = []
  let attributes: [String: Attribute]
}
