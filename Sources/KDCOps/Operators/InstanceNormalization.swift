import KDCDiagnostics
import KDCGraph
import KDCTensor

/// (x − mean) / sqrt(variance + epsilon) · scale + B, the statistics over the spatial axes of each image and channel.
/// ONNX `InstanceNormalization`, opsets 1, 6, 22.
package struct InstanceNormalization: Quantizable, ChannelPassing, PrecisionPassing, Trainable, OutputJudging {
  package static let onnxName = "InstanceNormalization"
  package static let inputCount = 3...3
  package let epsilon: Float

  package init(decoding node: Node) throws(Diagnostic) {
    epsilon = try node.float("epsilon", default: 1e-5)
  }

  package var quantizationRule: QuantizationRule { .float }

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

  package func trace(_ node: Node, in trace: inout ChannelTrace) throws {
    trace.perChannel(node, mixesPixels: true)
  }

  package func needs(_ node: Node, in graph: Graph, _ isSquare: (String) -> Bool) -> PrecisionDemand? {
    needsElementwise()
  }
  package func parameters(_ shapes: [Shape?]) -> [LayerParameter] { LayerParameter.affine }
  package static func outputKind(isVector: Bool) -> OutputKind? { isVector ? .embedding : nil }
}

extension InstanceNormalization: PerSample {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let shape = try lowering.shape(of: node.inputs[0])
    let (rows, columns) = (shape[1], shape.dims[2...].reduce(1, *))
    let x = try lowering.read(node.inputs[0], as: .native, in: [.rowMajor]).buffer
    let epsilon = try node.float("epsilon", default: 1e-5)
    let y = lowering.standardized(x, rows: rows, columns: columns, epsilon: epsilon).result
    let scale = try lowering.read(node.inputs[1], as: .native, in: [.rowMajor]).buffer
    let offset = try lowering.read(node.inputs[2], as: .native, in: [.rowMajor]).buffer
    try lowering.affine(
      y, scale, offset, rows: rows, columns: columns, stride: (1, 0), to: node.outputs[0], in: .rowMajor)
  }
}

extension InstanceNormalization: Differentiable {
  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    guard let gradient = try outputGradients.gradient() else { return .none(inputs.count) }
    let (x, scale) = (try inputs.floats(0), try inputs.floats(1).values)
    let count = x.shape.dims[2...].reduce(1, *)
    var (ofScale, ofBias) = ([Float](repeating: 0, count: scale.count), [Float](repeating: 0, count: scale.count))
    let ofX = [Float](count: x.values.count) { result in
      x.values.withPointer { x in
        gradient.withPointer { gradient in
          for plane in 0..<outputs[0].shape.dims[..<2].reduce(1, *) {
            let (channel, start) = (plane % scale.count, plane * count)
            let (mean, inverse) = rowStatistics(UnsafeBufferPointer(start: x + start, count: count), epsilon)
            let row = Normalized(x: x + start, mean: mean, inverse: inverse, count: count)
            let sums = row.sums(gradient + start)
            ofScale[channel] += sums.product
            ofBias[channel] += sums.plain
            row.write(
              result + start, gradient + start, factor: scale[channel] * inverse, means: sums.divided(by: count))
          }
        }
      }
    }
    return [
      wanted.at(0) ? Tensor(x.shape, ofX) : nil, wanted.at(1) ? Tensor([scale.count], ofScale) : nil,
      wanted.at(2) ? Tensor([scale.count], ofBias) : nil,
    ]
  }
}
