import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Moves blocks of space into channels: [N, C, H, W] → [N, C · b², H / b, W / b], the channel being (block row, block
/// column, input channel). ONNX `SpaceToDepth`, opsets 1, 13.
package struct SpaceToDepth: Quantizable, ElementMovement {
  package static let onnxName = "SpaceToDepth"
  package let blockSize: Int

  package init(decoding node: Node) throws(Diagnostic) {
    blockSize = try node.requiredInt("blocksize")
    guard 1...1 << 15 ~= blockSize else { throw node.invalid("blocksize", "is \(blockSize), must be 1 or more") }
  }

  package var quantizationRule: QuantizationRule { .sameAsInput(.rearrange) }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let x = try required(inputs, 0, "input").type
    guard x.shape.rank == 4, x.shape[2] % blockSize == 0, x.shape[3] % blockSize == 0 else {
      throw shapeMismatch("input \(x) must be [N,C,H,W] with H and W multiples of \(blockSize)")
    }
    return [TensorType(x.dataType, outputShape(x.shape))]
  }

  private func outputShape(_ x: Shape) -> Shape {
    [x[0], x[1] &* (blockSize * blockSize), x[2] / blockSize, x[3] / blockSize]
  }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let x = try inputs.required(0)
    let (channels, block) = (x.shape[1], blockSize)
    let (height, width) = (x.shape[2] / block, x.shape[3] / block)
    var source: [Int] = []
    source.reserveCapacity(x.count)
    for n in 0..<x.shape[0] {
      for channel in 0..<(channels * block * block) {
        let (c, row, column) = (channel % channels, channel / channels / block, channel / channels % block)
        for y in 0..<height {
          for x1 in 0..<width {
            source.append(((n * channels + c) * height * block + y * block + row) * width * block + x1 * block + column)
          }
        }
      }
    }
    return [x.picked(source, shape: outputShape(x.shape))]
  }
}

extension SpaceToDepth: PerSample {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let (x, form, s) = try image(node, &lowering)
    let b = blockSize
    let (height, width) = (x[2] / b, x[3] / b)
    try lowering.rearrange(
      form, node.outputs[0],
      channelsLast: [(height, b * s[2]), (width, b * s[3]), (b, s[2]), (b, s[3]), (x[1], s[1])],
      rowMajor: [(b, s[2]), (b, s[3]), (x[1], s[1]), (height, b * s[2]), (width, b * s[3])])
  }
}

extension SpaceToDepth: ChannelPassing {
  /// A channel is b² channels of the output.
  package func trace(_ node: Node, in trace: inout ChannelTrace) throws {
    trace.pass(node, mixing: { $0 >= 2 })
    var x = trace.labels(of: node.outputs[0])
    let channels = trace.shape(of: node.outputs[0])[1]
    x[1] = x[1].map { own in (0..<channels).map { own[$0 % own.count] } }
    trace.labels[node.outputs[0]] = x
  }
}
