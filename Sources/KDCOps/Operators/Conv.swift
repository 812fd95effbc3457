import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Convolution of X [N, C, spatial…] with W [M, C / group, kernel…] and bias B [M]. ONNX `Conv`, opsets 1, 11, 22.
///
/// One or two spatial axes; all of group, strides, dilations, pads, auto_pad.
package struct Conv: Quantizable {
  package static let onnxName = "Conv"
  package static let inputCount = 2...3
  package let window: SpatialWindow
  package let group: Int

  package init(decoding node: Node) throws(Diagnostic) {
    window = try SpatialWindow(decoding: node)
    group = try node.int("group", default: 1)
    guard group >= 1 else { throw node.invalid("group", "is \(group), must be 1 or more") }
  }

  package var quantizationRule: QuantizationRule { .integer }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    try [convolutionType(inputs, window: window, group: group)]
  }
}

extension Conv: ParallelOperator {
  package func evaluate(_ inputs: [Tensor?], threads: Threads) throws -> [Tensor] {
    try [convolve(inputs, window: window, group: group, threads: threads)]
  }
}

extension Conv: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    try lowerConvolution(node, window: window, group: group, activation: .none, into: &lowering)
  }
}

extension Conv: Differentiable {
  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    try convolutionGradients(
      inputs, output: nil, gradient: outputGradients.gradient(), window: window, group: group, wanted: wanted)
  }
}
