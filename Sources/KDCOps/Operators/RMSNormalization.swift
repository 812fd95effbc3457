import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor

/// x / sqrt(mean of x² + epsilon) · scale, the mean over the axes from `axis` on.
/// ONNX `RMSNormalization`, opset 23. scale has the dimensions of those axes, or broadcasts to them.
package struct RMSNormalization: Quantizable, ChannelPassing, PrecisionPassing, OutputJudging {
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

  package var quantizationRule: QuantizationRule { .float }

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

  package func trace(_ node: Node, in trace: inout ChannelTrace) throws {
    try trace.standardize(node, from: normalized(axis: axis, rank: trace.shape(of: node.inputs[0]).rank))
  }

  package func needs(_ node: Node, in graph: Graph, _ isSquare: (String) -> Bool) -> PrecisionDemand? {
    needsElementwise()
  }
  package static func outputKind(isVector: Bool) -> OutputKind? { isVector ? .embedding : nil }
}

/// 1 / sqrt(mean of squares + epsilon).
func inverseRootMeanSquare(_ values: ArraySlice<Float>, _ epsilon: Float) -> Float {
  let squares = values.reduce(0) { $0 + $1 * $1 }
  return 1 / (squares / Float(max(values.count, 1)) + epsilon).squareRoot()
}

extension RMSNormalization: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let shape = try lowering.shape(of: node.inputs[0])
    let axis = try normalized(axis: axis, rank: shape.rank)
    let (rows, columns) = (shape.dims[..<axis].reduce(1, *), shape.dims[axis...].reduce(1, *))
    let scaleCount = try lowering.shape(of: node.inputs[1]).count
    guard rows > 0, columns > 0, scaleCount == columns || scaleCount == 1 else {
      throw cannotLower(node, "with scales that broadcast")
    }
    let x = try lowering.read(node.inputs[0], as: .native, in: [.rowMajor]).buffer
    let squares = lowering.unary(FloatFunction(.square), x, count: rows * columns)
    let mean = lowering.temporary(TensorType(.float32, [rows]))
    lowering.append {
      FloatReduceStep(
        name: $0, operation: .mean, input: squares, output: mean, outer: rows, reduced: columns, inner: 1)
    }
    let constant = lowering.loaded(Tensor([1], [epsilon]), "epsilon")
    let shifted = lowering.binary(.add, mean, constant, rows: 1, columns: rows, strideB: (0, 0))
    let deviation = lowering.unary(FloatFunction(.sqrt), shifted, count: rows)
    let y = lowering.binary(.divide, x, deviation, rows: rows, columns: columns, strideB: (1, 0))
    let scale = try lowering.read(node.inputs[1], as: .native, in: [.rowMajor]).buffer
    try lowering.affine(
      y, scale, nil, rows: rows, columns: columns, stride: (0, scaleCount == 1 ? 0 : 1), to: node.outputs[0],
      in: .rowMajor)
  }
}

extension RMSNormalization: Differentiable {
  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    var result = [Tensor?].none(inputs.count)
    guard let gradient = try outputGradients.gradient() else { return result }
    let (x, scale) = (try inputs.floats(0), try inputs.floats(1))
    let count = x.shape.dims[(try normalized(axis: axis, rank: x.shape.rank))...].reduce(1, *)
    guard count > 0 else { return result }
    var (ofX, ofScale) = (x.values, [Float](repeating: 0, count: count))
    for row in stride(from: 0, to: ofX.count, by: count) {
      // With n = x · inverse: ∂n/∂x = inverse · (1 − n nᵀ / count).
      let inverse = inverseRootMeanSquare(x.values[row..<row + count], epsilon)
      var product: Float = 0
      for i in 0..<count {
        let normal = x.values[row + i] * inverse
        let slope = gradient[row + i] * (scale.values.count == 1 ? scale.values[0] : scale.values[i])
        ofScale[i] += gradient[row + i] * normal
        product += slope * normal
        ofX[row + i] = slope
      }
      let mean = product / Float(count)
      for i in 0..<count { ofX[row + i] = inverse * (ofX[row + i] - x.values[row + i] * inverse * mean) }
    }
    if wanted.at(0) { result[0] = Tensor(x.shape, ofX) }
    if wanted.at(1) {
      result[1] = Tensor(scale.shape, scale.values.count == count ? ofScale : [ofScale.reduce(0, +)])
    }
    return result
  }
}
