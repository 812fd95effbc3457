import KDCDiagnostics
import KDCGraph
import KDCTensor

/// LSTM with quantised weights. `com.microsoft.DynamicQuantizeLSTM`: X, W [directions, input, 4 · hidden], R [directions, hidden,
/// 4 · hidden], B, sequence_lens, initial_h, initial_c, P, then scale and zero point of W and of R, one a direction or one a row.
///
/// ONNX Runtime rounds X and the states to 8 bits in each step; here they stay float32.
package struct DynamicQuantizeLSTM: Expanding {
  package static let onnxName = "DynamicQuantizeLSTM"
  package static let domain = "com.microsoft"
  package static let inputCount = 3...12
  package static let outputCount = 0...3
  private let attributes: [String: Attribute]

  package init(decoding node: Node) throws(Diagnostic) {
    attributes = node.attributes
    _ = try LSTM(decoding: node)
  }

  package func expand(_ inputs: [OperatorInput?], into expansion: inout Expansion) throws(Diagnostic) {
    let w = try weights(inputs, 1, "W", scale: 8, &expansion)
    let r = try weights(inputs, 2, "R", scale: 10, &expansion)
    let operands = [expansion.inputs[0], w, r] + (3...7).map { expansion.operand($0) }
    expansion.outputs = try expansion.add("LSTM", operands, attributes, outputs: 3)
  }

  /// scale · (q − zeroPoint) as [directions, 4 · hidden, columns].
  private func weights(
    _ inputs: [OperatorInput?], _ index: Int, _ name: String, scale: Int, _ expansion: inout Expansion
  ) throws(Diagnostic) -> String {
    let shape = try requiredBytes(inputs, index, name).shape
    let factors = try requiredFloat(inputs, scale, "\(name)_scale")
    let zero = try requiredBytes(inputs, scale + 1, "\(name)_zero_point").shape
    guard shape.rank == 3, shape[0] > 0, factors.count == shape[0] || factors.count == shape[0] * shape[2],
      zero == factors
    else {
      throw shapeMismatch(
        "\(name) \(shape) must have a scale and a zero point for each direction or row, not \(factors)")
    }
    let spread: Shape = [shape[0], 1, factors.count / shape[0]]
    func float(_ index: Int) throws(Diagnostic) -> String {
      try expansion.cast(expansion.inputs[index] ?? "", to: .float32)
    }
    let centred = try expansion.add(
      "Sub", [float(index), expansion.reshape(float(scale + 1), to: spread)])
    let reals = try expansion.add("Mul", [centred, expansion.reshape(float(scale), to: spread)])
    return try expansion.transpose(reals, [0, 2, 1])
  }
}
