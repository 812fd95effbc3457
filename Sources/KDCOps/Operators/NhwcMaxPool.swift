import KDCDiagnostics
import KDCGraph

/// Largest element of each window of quantised images [N, spatial…, C]. `com.microsoft.NhwcMaxPool`.
package struct NhwcMaxPool: Expanding {
  package static let onnxName = "NhwcMaxPool"
  package static let domain = "com.microsoft"
  private let pool: [String: Attribute]

  package init(decoding node: Node) throws(Diagnostic) {
    pool = node.attributes
    _ = try SpatialWindow(decoding: node)
  }

  package func expand(_ inputs: [OperatorInput?], into expansion: inout Expansion) throws(Diagnostic) {
    _ = try requiredBytes(inputs, 0, "x")
    expansion.outputs = [
      try expansion.inChannelsFirst(expansion.inputs[0] ?? "", true) { expansion, x throws(Diagnostic) in
        try expansion.add("MaxPool", [x], pool)
      }
    ]
  }
}
