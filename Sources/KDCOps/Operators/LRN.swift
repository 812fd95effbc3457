import KDCDiagnostics
import KDCGraph
import KDCTensor

/// x / (bias + alpha / size · Σ x²)^beta, the sum over a window of `size` channels. ONNX `LRN`, opsets 1, 13.
///
/// The window of channel c reaches from c − ⌊(size − 1) / 2⌋ to c + ⌈(size − 1) / 2⌉, without what is outside.
package struct LRN: Expanding {
  package static let onnxName = "LRN"
  package let alpha, beta, bias: Float
  package let size: Int

  package init(decoding node: Node) throws(Diagnostic) {
    alpha = try node.float("alpha", default: 1e-4)
    beta = try node.float("beta", default: 0.75)
    bias = try node.float("bias", default: 1)
    size = try node.requiredInt("size")
    guard (1...1 << 20).contains(size) else { throw node.invalid("size", "is \(size), must be positive") }
  }

  package func expand(_ inputs: [OperatorInput?], into expansion: inout Expansion) throws(Diagnostic) {
    let x = try float(inputs, 0, "X", &expansion)
    let shape = expansion.shape(of: x)
    guard shape.rank >= 2 else { throw shapeMismatch("X \(shape) must have batch and channels") }
    let pixels = shape.dims[2...].reduce(1, *)
    // Channels as the rows of an image whose channels are the pixels: pools are fast along channels.
    let columns = try expansion.transpose(
      expansion.reshape(expansion.power(x, 2), to: [shape[0], shape[1], pixels]), [0, 2, 1])
    let before = (size - 1) / 2
    let means = try expansion.add(
      "AveragePool", [expansion.reshape(columns, to: [shape[0], pixels, shape[1], 1])],
      [
        "kernel_shape": .ints([Int64(size), 1]), "count_include_pad": .int(1),
        "pads": .ints([before, 0, size - 1 - before, 0].map { Int64($0) }),
      ])
    let rows = try expansion.transpose(expansion.reshape(means, to: [shape[0], pixels, shape[1]]), [0, 2, 1])
    let base = try expansion.shift(expansion.scale(expansion.reshape(rows, to: shape), by: alpha), by: bias)
    try finish(inputs, [expansion.add("Div", [x, expansion.power(base, beta)])], &expansion)
  }
}
