import Foundation
import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Logarithm of softmax: x − max − log Σ exp(x − max). ONNX `LogSoftmax`, opsets 1, 11, 13; axes as `Softmax`.
package struct LogSoftmax: Quantizable {
  package static let onnxName = "LogSoftmax"
  package let axis: Int
  /// Opset < 13: all axes from `axis` on are taken together.
  package let flattens: Bool

  package init(decoding node: Node) throws(Diagnostic) {
    flattens = node.opset < 13
    axis = try node.int("axis", default: flattens ? 1 : -1)
  }

  package var quantizationRule: QuantizationRule { .float }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let shape = try requiredFloat(inputs, 0, "input")
    _ = try AxisSplit(self, axis: axis, of: shape, flattens: flattens)
    return [TensorType(.float32, shape)]
  }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    var (shape, values) = try inputs.floats(0)
    let split = try AxisSplit(self, axis: axis, of: shape, flattens: flattens)
    split.forEachRow(in: &values) { row, stride, count in
      var largest = -Float.infinity
      for i in 0..<count { largest = max(largest, row[i &* stride]) }
      var sum: Float = 0
      for i in 0..<count { sum += exp(row[i &* stride] - largest) }
      let logarithm = log(sum)
      for i in 0..<count { row[i &* stride] = row[i &* stride] - largest - logarithm }
    }
    return [Tensor(shape, values)]
  }
}

extension LogSoftmax: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    try lowerSoftmax(node, axis: axis, flattens: flattens, isLog: true, into: &lowering)
  }
}

extension LogSoftmax: Differentiable {
  /// ∂x = ∂y − e^y · Σ ∂y for each row.
  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    guard wanted.at(0), let gradient = try outputGradients.gradient() else { return .none(inputs.count) }
    let (shape, y) = try outputs.floats(0)
    return [
      try AxisSplit(self, axis: axis, of: shape, flattens: flattens).rows(shape, gradient, y) {
        gradient, y, result, step, count in
        var sum: Float = 0
        for i in 0..<count { sum += gradient[i &* step] }
        for i in 0..<count { result[i &* step] = gradient[i &* step] - exp(y[i &* step]) * sum }
      }
    ]
  }
}
