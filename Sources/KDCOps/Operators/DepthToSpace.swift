import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Moves blocks of channels into space: [N, C, H, W] → [N, C / b², H · b, W · b]. ONNX `DepthToSpace`, opsets 1, 11, 13.
///
/// DCR: the channel is (block row, block column, output channel); CRD: (output channel, block row, block column).
package struct DepthToSpace: Quantizable, ElementMovement {
  package static let onnxName = "DepthToSpace"
  package let blockSize: Int
  /// Mode CRD.
  package let columnRowDepth: Bool

  package init(decoding node: Node) throws(Diagnostic) {
    blockSize = try node.requiredInt("blocksize")
    guard 1...1 << 15 ~= blockSize else { throw node.invalid("blocksize", "is \(blockSize), must be 1 or more") }
    columnRowDepth = try node.choice("mode", default: "DCR", of: ["DCR", "CRD"]) == "CRD"
  }

  package var quantizationRule: QuantizationRule { .sameAsInput(.rearrange) }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let x = try required(inputs, 0, "input").type
    guard x.shape.rank == 4, x.shape[1] % (blockSize * blockSize) == 0 else {
      throw shapeMismatch("input \(x) must be [N,C,H,W] with C a multiple of \(blockSize * blockSize)")
    }
    return [TensorType(x.dataType, outputShape(x.shape))]
  }

  private func outputShape(_ x: Shape) -> Shape {
    // Wrapping: an overflow gives a negative or absurd size, which the check of inferred shapes reports.
    [x[0], x[1] / (blockSize * blockSize), x[2] &* blockSize, x[3] &* blockSize]
  }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let x = try inputs.required(0)
    let (height, width, block) = (x.shape[2], x.shape[3], blockSize)
    let channels = x.shape[1] / (block * block)
    let output = outputShape(x.shape)
    var source: [Int] = []
    source.reserveCapacity(x.count)
    for n in 0..<x.shape[0] {
      for c in 0..<channels {
        for y in 0..<(height * block) {
          for column in 0..<(width * block) {
            let within = y % block * block + column % block
            let channel = columnRowDepth ? c * block * block + within : within * channels + c
            source.append(((n * x.shape[1] + channel) * height + y / block) * width + column / block)
          }
        }
      }
    }
    return [x.picked(source, shape: output)]
  }
}

extension DepthToSpace: PerSample {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let (x, form, s) = try image(node, &lowering)
    let b = blockSize
    let channels = x[1] / (b * b)
    // Strides of block row, block column and channel inside the input's channels.
    let (by, bx, c) =
      columnRowDepth ? (b * s[1], s[1], b * b * s[1]) : (b * channels * s[1], channels * s[1], s[1])
    try lowering.rearrange(
      form, node.outputs[0], channelsLast: [(x[2], s[2]), (b, by), (x[3], s[3]), (b, bx), (channels, c)],
      rowMajor: [(channels, c), (x[2], s[2]), (b, by), (x[3], s[3]), (b, bx)])
  }
}

extension DepthToSpace: ChannelPassing {
  /// Blocks of b² channels are one channel of the output.
  package func trace(_ node: Node, in trace: inout ChannelTrace) throws {
    trace.pass(node, mixing: { $0 >= 2 })
    var x = trace.labels(of: node.outputs[0])
    let channels = trace.shape(of: node.outputs[0])[1]
    guard let own = x[1] else { return }
    if channels > 1 {
      x[1] = trace.merged(own, into: channels) { columnRowDepth ? $0 / (blockSize * blockSize) : $0 % channels }
    } else {
      trace.pin(own)
      x[1] = nil
    }
    trace.labels[node.outputs[0]] = x
  }
}
