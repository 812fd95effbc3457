import KDCDiagnostics
import KDCGraph
import KDCTensor

/// activation(Conv(X, W, B) + Z): what passes make of Conv and what follows it. `com.microsoft.FusedConv`.
///
/// Inputs X, W, B and the optional residual Z, of the output's shape; attributes of Conv, `activation` and
/// `activation_params` (see `FusedActivation`). With other activations of ONNX Runtime, and over three axes, a composition.
package struct FusedConv: ConvolutionOperator, FusedLayer, BatchSized {
  package static let onnxName = "FusedConv"
  package static let domain = "com.microsoft"
  package static let inputCount = 2...4
  package let window: SpatialWindow
  package let group: Int
  package let activation: FusedActivation
  private let following: FollowingActivation?
  private let convolution: [String: Attribute]

  package init(decoding node: Node) throws(Diagnostic) {
    let conv = try Conv(decoding: node)
    window = conv.window
    group = conv.group
    following = try FollowingActivation(decoding: node)
    activation = following == nil ? try FusedActivation(decoding: node) : .none
    convolution = node.attributes.filter { !$0.key.hasPrefix("activation") }
  }

  package func patches(input: Shape, weights: Shape) throws(Diagnostic) -> ImageGeometry? {
    try geometry(input, weights).geometry
  }
}

extension FusedConv: ManyAxes {
  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    try convolutionTypes(inputs)
  }
  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] { try evaluate(inputs, threads: .single) }

  package func isExpanded(_ inputs: [OperatorInput?]) -> Bool {
    following != nil || inputs.first??.type.shape.rank ?? 0 > 4
  }

  package func expand(_ inputs: [OperatorInput?], into expansion: inout Expansion) throws(Diagnostic) {
    var y = try expansion.add("Conv", Array(expansion.inputs.prefix(3)), convolution)
    if let residual = expansion.operand(3) { y = try expansion.add("Add", [y, residual]) }
    expansion.outputs = [try expansion.activated(y, activation, following)]
  }
}
