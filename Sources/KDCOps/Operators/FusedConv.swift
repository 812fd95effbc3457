import KDCDiagnostics
import KDCGraph
import KDCTensor

/// activation(Conv(X, W, B) + Z): what passes make of Conv and what follows it. `com.microsoft.FusedConv`.
///
/// Inputs X, W, B and the optional residual Z, of the output's shape; attributes of Conv, `activation` and
/// `activation_params` (see `FusedActivation`).
package struct FusedConv: Operator {
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

extension FusedConv: Quantizable {
  package var quantizationRule: QuantizationRule { .integer }
}
