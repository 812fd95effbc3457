import KDCDiagnostics
import KDCGraph
import KDCTensor

/// x / ‖x‖ along one axis, by the sum of magnitudes (p = 1) or the root of the sum of squares (p = 2); zeros where the
/// norm is 0. ONNX `LpNormalization`, opsets 1, 22.
package struct LpNormalization: Operator {
  package static let onnxName = "LpNormalization"
  package let axis: Int
  package let p: Int

  package init(decoding node: Node) throws(Diagnostic) {
    axis = try node.int("axis", default: -1)
    p = try node.int("p", default: 2)
    guard p == 1 || p == 2 else { throw node.unsupported("'LpNormalization' with p \(p), which must be 1 or 2") }
  }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let x = try requiredFloat(inputs, 0, "input")
    _ = try normalized(axis: axis, rank: x.rank)
    return [TensorType(.float32, x)]
  }

  /// What a norm is raised to, so that zeros stay zeros.
  static let leastNorm = Float.leastNormalMagnitude

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    var (shape, values) = try inputs.floats(0)
    let split = try AxisSplit(self, axis: axis, of: shape, flattens: false)
    split.forEachRow(in: &values) { row, stride, count in
      var sum: Float = 0
      for i in 0..<count { sum += p == 1 ? abs(row[i &* stride]) : row[i &* stride] * row[i &* stride] }
      let norm = max(p == 1 ? sum : sum.squareRoot(), Self.leastNorm)
      for i in 0..<count { row[i &* stride] /= norm }
    }
    return [Tensor(shape, values)]
  }
}

extension LpNormalization: Quantizable {
  package var quantizationRule: QuantizationRule { .float }
}
