import KDCDiagnostics
import KDCGraph
import KDCTensor

/// (x − mean) / sqrt(variance + epsilon) · Scale + B, the statistics over the axes from `axis` on.
/// ONNX `LayerNormalization`, opset 17. Scale and B are broadcast to those axes; the other outputs are Mean and
/// InvStdDev.
package struct LayerNormalization: Operator {
  package static let onnxName = "LayerNormalization"
  package static let inputCount = 2...3
  package static let outputCount = 1...3
  package let axis: Int
  package let epsilon: Float

  package init(decoding node: Node) throws(Diagnostic) {
    axis = try node.int("axis", default: -1)
    epsilon = try node.float("epsilon", default: 1e-5)
    guard try node.int("stash_type", default: 1) == 1 else {
      throw node.unsupported("'LayerNormalization' with a stash_type other than 1 (float32)")
    }
  }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let x = try requiredFloat(inputs, 0, "X")
    let start = try normalized(axis: axis, rank: x.rank)
    let normalizedDims = Array(x.dims[start...])
    for (name, shape) in [
      ("Scale", try requiredFloat(inputs, 1, "Scale") as Shape?), ("B", try optionalFloat(inputs, 2, "B")),
    ] {
      guard let shape else { continue }
      let dims = Array(shape.dims.drop { $0 == 1 })
      guard dims.isEmpty || dims == Array(normalizedDims.drop { $0 == 1 }) else {
        throw shapeMismatch("\(name) \(shape) must have the normalised dimensions \(Shape(normalizedDims)) of X \(x)")
      }
    }
    let statistics = Shape(x.dims[..<start] + [Int](repeating: 1, count: x.rank - start))
    return [TensorType(.float32, x), TensorType(.float32, statistics), TensorType(.float32, statistics)]
  }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let x = try inputs.floats(0)
    let scale = try inputs.floats(1).values
    let bias = try inputs.optionalFloats(2)
    let start = try normalized(axis: axis, rank: x.shape.rank)
    let count = x.shape.dims[start...].reduce(1, *)
    let rows = x.shape.dims[..<start].reduce(1, *)
    var y = x.values
    var (means, inverses) = ([Float](), [Float]())
    y.withUnsafeMutableBufferPointer { y in
      for row in 0..<rows {
        let (mean, inverse) = rowStatistics(UnsafeBufferPointer(rebasing: y[row * count..<(row + 1) * count]), epsilon)
        means.append(mean)
        inverses.append(inverse)
        for i in 0..<count {
          let factor = scale.count == 1 ? scale[0] : scale[i]
          let offset = bias.map { $0.count == 1 ? $0[0] : $0[i] } ?? 0
          y[row * count + i] = (y[row * count + i] - mean) * inverse * factor + offset
        }
      }
    }
    let statistics = Shape(x.shape.dims[..<start] + [Int](repeating: 1, count: x.shape.rank - start))
    return [Tensor(x.shape, y), Tensor(statistics, means), Tensor(statistics, inverses)]
  }
}

extension LayerNormalization: Quantizable {
  package var quantizationRule: QuantizationRule { .float }
}

/// Mean and 1 / sqrt(variance + epsilon) of `values`, in two passes.
func rowStatistics(_ values: UnsafeBufferPointer<Float>, _ epsilon: Float) -> (mean: Float, inverse: Float) {
  guard !values.isEmpty else { return (0, 0) }
  var sum: Float = 0
  for value in values { sum += value }
  let mean = sum / Float(values.count)
  var squares: Float = 0
  for value in values { squares += (value - mean) * (value - mean) }
  return (mean, 1 / (squares / Float(values.count) + epsilon).squareRoot())
}
