import KDCDiagnostics
import KDCGraph
import KDCTensor

/// (x − mean) / sqrt(variance + epsilon) · scale + B, the statistics over the spatial axes of each image and channel.
/// ONNX `InstanceNormalization`, opsets 1, 6, 22.
package struct InstanceNormalization: Operator {
  package static let onnxName = "InstanceNormalization"
  package static let inputCount = 3...3
  package let epsilon: Float

  package init(decoding node: Node) throws(Diagnostic) {
    epsilon = try node.float("epsilon", default: 1e-5)
  }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let x = try requiredFloat(inputs, 0, "input")
    guard x.rank >= 3 else { throw shapeMismatch("input \(x) must have batch, channels and spatial axes") }
    for (index, name) in [(1, "scale"), (2, "B")] {
      let shape = try requiredFloat(inputs, index, name)
      guard shape.dims == [x[1]] else {
        throw shapeMismatch("\(name) \(shape) must be [\(x[1])], one value for each channel of input \(x)")
      }
    }
    return [TensorType(.float32, x)]
  }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let x = try inputs.floats(0)
    let (scale, bias) = (try inputs.floats(1).values, try inputs.floats(2).values)
    let channels = x.shape[1]
    let count = x.shape.dims[2...].reduce(1, *)
    var y = x.values
    y.withUnsafeMutableBufferPointer { y in
      for plane in 0..<(x.shape[0] * channels) {
        let range = plane * count..<(plane + 1) * count
        let (mean, inverse) = rowStatistics(UnsafeBufferPointer(rebasing: y[range]), epsilon)
        let (factor, offset) = (scale[plane % channels] * inverse, bias[plane % channels])
        for i in range { y[i] = (y[i] - mean) * factor + offset }
      }
    }
    return [Tensor(x.shape, y)]
  }
}

extension InstanceNormalization: Quantizable {
  package var quantizationRule: QuantizationRule { .float }
}
