import KDCDiagnostics
import KDCGraph
import KDCTensor

/// y = (x − mean) / sqrt(var + epsilon) · scale + B for each channel of X [N, C, …], in inference.
/// ONNX `BatchNormalization`, opsets 7, 9, 14, 15; training_mode and the outputs of training are refused.
package struct BatchNormalization: Operator {
  package static let onnxName = "BatchNormalization"
  package static let inputCount = 5...5
  package static let outputCount = 1...5
  package let epsilon: Float
  /// What training keeps of the stored mean and variance in a step.
  package let momentum: Float

  package init(decoding node: Node) throws(Diagnostic) {
    epsilon = try node.float("epsilon", default: 1e-5)
    momentum = try node.float("momentum", default: 0.9)
    if try node.flag("training_mode", default: false) {
      throw node.unsupported("'BatchNormalization' with training_mode 1", hint: "export the model in evaluation mode")
    }
    if try !node.flag("spatial", default: true) { throw node.unsupported("'BatchNormalization' with spatial 0") }
    if node.outputs.dropFirst().contains(where: { !$0.isEmpty }) {
      throw node.unsupported("a training output of 'BatchNormalization'", hint: "export the model in evaluation mode")
    }
  }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let x = try requiredFloat(inputs, 0, "X")
    guard x.rank >= 2 else { throw shapeMismatch("X \(x) must have batch and channels") }
    for (index, name) in [(1, "scale"), (2, "B"), (3, "mean"), (4, "var")] {
      let shape = try requiredFloat(inputs, index, name)
      guard shape.dims == [x[1]] else {
        throw shapeMismatch("\(name) \(shape) must be [\(x[1])], one value for each channel of X \(x)")
      }
    }
    return [TensorType(.float32, x)]
  }

  /// The same as y = factor · x + offset for each channel.
  package func affine(
    scale: [Float], bias: [Float], mean: [Float], variance: [Float]
  ) -> (factors: [Float], offsets: [Float]) {
    let factors = zip(scale, variance).map { $0 / ($1 + epsilon).squareRoot() }
    let offsets = bias.indices.map { bias[$0] - mean[$0] * factors[$0] }
    return (factors, offsets)
  }
}

extension BatchNormalization: ParallelOperator {
  package func evaluate(_ inputs: [Tensor?], threads: Threads) throws -> [Tensor] {
    let x = try inputs.floats(0)
    let (factors, offsets) = affine(
      scale: try inputs.floats(1).values, bias: try inputs.floats(2).values, mean: try inputs.floats(3).values,
      variance: try inputs.floats(4).values)
    let channels = x.shape[1]
    let inner = x.shape.dims[2...].reduce(1, *)
    let values = [Float](count: x.shape.count) { y in
      x.values.withPointer { source in
        parallelFor(x.shape[0] * channels, threads: threads) { plane in
          let (source, target) = (source + plane * inner, y + plane * inner)
          let (factor, offset) = (factors[plane % channels], offsets[plane % channels])
          for i in 0..<inner { target[i] = source[i] * factor + offset }
        }
      }
    }
    return [Tensor(x.shape, values)]
  }
}
