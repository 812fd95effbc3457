import KDCDiagnostics
import KDCGraph
import KDCTensor

/// activation(Conv(X, W, B) + Z): what passes make of Conv and what follows it. `com.microsoft.FusedConv`.
///
/// Inputs X, W, B and the optional residual Z, of the output's shape; attributes of Conv, `activation` and
/// `activation_params` (see `FusedActivation`).
package struct FusedConv: ConvolutionOperator, FusedLayer, BatchSized {
  package static let onnxName = "FusedConv"
  package static let domain = "com.microsoft"
  package static let inputCount = 2...4
  package let window: SpatialWindow
  package let group: Int
  package let activation: FusedActivation

  package init(decoding node: Node) throws(Diagnostic) {
    let conv = try Conv(decoding: node)
    window = conv.window
    group = conv.group
    activation = try FusedActivation(decoding: node)
  }

  package func patches(input: Shape, weights: Shape) throws(Diagnostic) -> ImageGeometry? {
    try geometry(input, weights).geometry
  }
}
