import KDCDiagnostics
import KDCGraph

/// Convolution of X [N, C, spatial…] with W [M, C / group, kernel…] and bias B [M]. ONNX `Conv`, opsets 1, 11, 22.
///
/// All of group, strides, dilations, pads, auto_pad.
package struct Conv: ConvolutionOperator {
  package static let onnxName = "Conv"
  package static let inputCount = 2...3
  package let window: SpatialWindow
  package let group: Int
  var activation: FusedActivation { .none }

  package init(decoding node: Node) throws(Diagnostic) {
    window = try SpatialWindow(decoding: node)
    group = try node.int("group", default: 1)
    guard group >= 1 else { throw node.invalid("group", "is \(group), must be 1 or more") }
  }
}
