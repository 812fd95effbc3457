import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor

/// (x − mean) / sqrt(variance + epsilon) · Scale + B, the statistics over the axes from `axis` on.
/// ONNX `LayerNormalization`, opset 17. Scale and B are broadcast to those axes; the other outputs are Mean and
/// InvStdDev.
package struct LayerNormalization: Quantizable, ChannelPassing, PrecisionPassing, Trainable, OutputJudging {
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

  package var quantizationRule: QuantizationRule { .float }

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

  package func trace(_ node: Node, in trace: inout ChannelTrace) throws {
    try trace.standardize(node, from: normalized(axis: axis, rank: trace.shape(of: node.inputs[0]).rank))
  }

  package func needs(_ node: Node, in graph: Graph, _ isSquare: (String) -> Bool) -> PrecisionDemand? {
    needsElementwise()
  }
  package func parameters(_ shapes: [Shape?]) -> [LayerParameter] { LayerParameter.affine }
  package static func outputKind(isVector: Bool) -> OutputKind? { isVector ? .embedding : nil }
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

extension LayerNormalization: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let shape = try lowering.shape(of: node.inputs[0])
    let axis = try normalized(axis: try node.int("axis", default: -1), rank: shape.rank)
    let (rows, columns) = (shape.dims[..<axis].reduce(1, *), shape.dims[axis...].reduce(1, *))
    let x = try lowering.read(node.inputs[0], as: .native, in: [.rowMajor]).buffer
    let epsilon = try node.float("epsilon", default: 1e-5)
    let statistics = lowering.standardized(x, rows: rows, columns: columns, epsilon: epsilon)
    var operands: [(buffer: BufferID, stride: Int)?] = []
    for index in [1, 2] {
      guard let name = node.input(index) else {
        operands.append(nil)
        continue
      }
      let buffer = try lowering.read(name, as: .native, in: [.rowMajor]).buffer
      operands.append((buffer, try lowering.shape(of: name).count == 1 ? 0 : 1))
    }
    var y = statistics.result
    for (operation, operand) in zip([FloatBinaryStep.Operation.multiply, .add], operands) {
      guard let operand else { continue }
      let isLast = operation == .add || operands[1] == nil
      let target = isLast ? try lowering.write(node.outputs[0], as: .native, in: .rowMajor) : nil
      y = lowering.binary(
        operation, y, operand.buffer, rows: rows, columns: columns, strideB: (0, operand.stride), to: target)
    }
    if node.outputs.count > 1, lowering.isUsed(node.outputs[1]) {
      try lowering.alias(node.outputs[1], Lowering.Form(encoding: .native, layout: .rowMajor, buffer: statistics.mean))
    }
    if node.outputs.count > 2, lowering.isUsed(node.outputs[2]) {
      let target = try lowering.write(node.outputs[2], as: .native, in: .rowMajor)
      lowering.append {
        FloatUnaryStep(
          name: $0, function: FloatFunction(.reciprocal), input: statistics.deviation, output: target, count: rows)
      }
    }
  }
}

extension LayerNormalization: Differentiable {
  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    var result = [Tensor?].none(inputs.count)
    let x = try inputs.floats(0)
    let scale = try inputs.floats(1)
    let (means, inverses) = (try outputs.floats(1).values, try outputs.floats(2).values)
    let count = x.shape.dims[(try normalized(axis: axis, rank: x.shape.rank))...].reduce(1, *)
    let rows = means.count
    let gradient = try outputGradients.gradient() ?? [Float](repeating: 0, count: x.values.count)
    let (ofMean, ofInverse) = (try outputGradients.gradient(1), try outputGradients.gradient(2))
    var (ofX, ofScale, ofBias) = (x.values, [Float](repeating: 0, count: count), [Float](repeating: 0, count: count))
    for row in 0..<rows {
      let start = row * count
      let (mean, inverse) = (means[row], inverses[row])
      var (sum, product): (Float, Float) = (0, 0)
      for i in 0..<count {
        let normal = (x.values[start + i] - mean) * inverse
        let slope = gradient[start + i] * (scale.values.count == 1 ? scale.values[0] : scale.values[i])
        ofScale[i] += gradient[start + i] * normal
        ofBias[i] += gradient[start + i]
        sum += slope
        product += slope * normal
        ofX[start + i] = slope
      }
      // ∂mean/∂x = 1 / count; ∂inverse/∂x = −inverse² · normal / count.
      let size = Float(max(1, count))
      let constant = inverse * sum / size - (ofMean?[row] ?? 0) / size
      let linear = inverse * product / size + (ofInverse?[row] ?? 0) * inverse * inverse / size
      for i in 0..<count {
        let normal = (x.values[start + i] - mean) * inverse
        ofX[start + i] = inverse * ofX[start + i] - constant - normal * linear
      }
    }
    if wanted.at(0) { result[0] = Tensor(x.shape, ofX) }
    for (index, values) in [(1, ofScale), (2, ofBias)] where wanted.at(index) {
      guard let input = inputs.optional(index) else { continue }
      result[index] = Tensor(input.shape, input.count == count ? values : [values.reduce(0, +)])
    }
    return result
  }
}
