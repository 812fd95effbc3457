import KDCDiagnostics
import KDCGraph
import KDCTensor

/// activation(Conv(X, W, B) + Z): what passes make of Conv and what follows it. `com.microsoft.FusedConv`.
///
/// Inputs X, W, B and the optional residual Z, of the output's shape; attributes of Conv, `activation` and
/// `activation_params` (see `FusedActivation`).
package struct FusedConv: Quantizable {
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

  package var quantizationRule: QuantizationRule { .integer }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let type = try convolutionType(inputs, window: window, group: group)
    if let z = try optionalFloat(inputs, 3, "Z"), z != type.shape {
      throw shapeMismatch("Z \(z) must have the output's shape \(type.shape)")
    }
    return [type]
  }
}

extension FusedConv: ParallelOperator {
  package func evaluate(_ inputs: [Tensor?], threads: Threads) throws -> [Tensor] {
    let epilogue = Convolution.Epilogue(
      residual: try inputs.optionalFloats(3), low: activation.bounds.low, high: activation.bounds.high)
    return [try convolve(inputs, window: window, group: group, epilogue: epilogue, threads: threads)]
  }
}

extension FusedConv: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    try lowerConvolution(node, window: window, group: group, activation: activation, into: &lowering)
  }
}

extension FusedConv: Differentiable {
  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    try convolutionGradients(
      inputs, output: activation == .none ? nil : outputs.floats(0).values, gradient: outputGradients.gradient(),
      activation: activation, window: window, group: group, wanted: wanted)
  }
}
