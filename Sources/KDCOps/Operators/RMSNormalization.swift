import KDCDiagnostics
import KDCGraph
import KDCTensor

/// x / sqrt(mean of x² + epsilon) · scale, the mean over the axes from `axis` on.
/// ONNX `RMSNormalization`, opset 23. scale has the dimensions of those axes, or broadcasts to them.
package struct RMSNormalization: Operator {
  package static let onnxName = "RMSNormalization"
  package static let inputCount = 2...2
  package let axis: Int
  package let epsilon: Float

  package init(decoding node: Node) throws(Diagnostic) {
    axis = try node.int("axis", default: -1)
    epsilon = try node.float("epsilon", default: 1e-5)
    guard try node.int("stash_type", default: 1) == 1 else {
      throw node.unsupported("'RMSNormalization' with a stash_type other than 1 (float32)")
    }
  }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let x = try requiredFloat(inputs, 0, "X")
    let scale = try requiredFloat(inputs, 1, "scale")
    let start = try normalized(axis: axis, rank: x.rank)
    let normalizedDims = Array(x.dims[start...])
    let dims = Array(scale.dims.drop { $0 == 1 })
    guard dims.isEmpty || dims == Array(normalizedDims.drop { $0 == 1 }) else {
      throw shapeMismatch("scale \(scale) must have the normalised dimensions \(Shape(normalizedDims)) of X \(x)")
    }
    return [TensorType(.float32, x)]
  }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let x = try inputs.floats(0)
    let scale = try inputs.floats(1).values
    let start = try normalized(axis: axis, rank: x.shape.rank)
    let count = x.shape.dims[start...].reduce(1, *)
    var y = x.values
    guard count > 0 else { return [Tensor(x.shape, y)] }
    for row in stride(from: 0, to: y.count, by: count) {
      let inverse = inverseRootMeanSquare(y[row..<row + count], epsilon)
      for i in 0..<count { y[row + i] = y[row + i] * inverse * (scale.count == 1 ? scale[0] : scale[i]) }
    }
    return [Tensor(x.shape, y)]
  }
}

extension RMSNormalization: Quantizable {
  package var quantizationRule: QuantizationRule { .float }
}

/// 1 / sqrt(mean of squares + epsilon).
func inverseRootMeanSquare(_ values: ArraySlice<Float>, _ epsilon: Float) -> Float {
  let squares = values.reduce(0) { $0 + $1 * $1 }
  return 1 / (squares / Float(max(values.count, 1)) + epsilon).squareRoot()
}
