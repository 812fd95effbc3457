import KDCDiagnostics
import KDCGraph
import KDCTensor

/// BatchNormalization in its training form: the batch's own mean and variance take the place of the stored ones.
///
/// Only a training graph makes one, from the decoded operator. Its results are y, and each channel's mean and (biased)
/// variance over batch and pixels, from which the stored statistics are kept up to date. Ioffe and Szegedy, "Batch
/// Normalization", 2015, algorithm 1.
package struct BatchStatistics: Operator {
  package static let onnxName = "BatchNormalization"
  package let inference: BatchNormalization

  package init(_ inference: BatchNormalization) { self.inference = inference }
  package init(decoding node: Node) throws(Diagnostic) { inference = try BatchNormalization(decoding: node) }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    try inference.outputTypes(inputs)
  }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let found = try inference.evaluateTraining(
      x: inputs.required(0), scale: inputs.floats(1).values, bias: inputs.floats(2).values)
    return [found.output, Tensor([found.mean.count], found.mean), Tensor([found.variance.count], found.variance)]
  }
}

extension BatchStatistics: Differentiable {
  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    guard let gradient = outputGradients.first ?? nil else { return .none(inputs.count) }
    let found = try inference.trainingGradients(
      x: inputs.required(0), scale: inputs.floats(1).values, mean: outputs.floats(1).values,
      variance: outputs.floats(2).values, outputGradient: gradient)
    return [
      found.x, Tensor([found.scale.count], found.scale), Tensor([found.bias.count], found.bias), nil, nil,
    ]
  }
}
