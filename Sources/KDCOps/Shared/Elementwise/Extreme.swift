import KDCGraph
import KDCProgram
import KDCTensor

/// The largest or smallest of one or more operands: that one gets the gradient, the first of equal ones.
protocol Extreme: BinaryArithmetic, Quantizable, Differentiable {}

extension Extreme {
  package static var isVariadic: Bool { true }
  package var quantizationRule: QuantizationRule { .integer }

  func lowerIntegers(_ node: Node, into lowering: inout Lowering) throws -> Bool {
    try lowering.integerExtreme(node.inputs, node.outputs[0], isMaximum: Self.operation == .maximum)
  }

  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    var result = [Tensor?].none(inputs.count)
    guard var rest = try outputGradients.gradient() else { return result }
    let (shape, y) = try outputs.floats(0)
    for (index, input) in inputs.enumerated() {
      guard let input, let x = input.expanded(to: shape).floats else { continue }
      var own = [Float](repeating: 0, count: rest.count)
      for i in own.indices where x[i] == y[i] {
        own[i] = rest[i]
        rest[i] = 0
      }
      if wanted.at(index) { result[index] = try Tensor(shape, own).summed(to: input.shape) }
    }
    return result
  }
}

extension Lowering {
  /// The largest or smallest of int8 values, two at a time. All but the last result have the output's scale too, so that
  /// each value is rounded once. False where there is no integer form.
  fileprivate mutating func integerExtreme(_ inputs: [String], _ output: String, isMaximum: Bool) throws -> Bool {
    let affines = inputs.compactMap(integerForm)
    guard let result = quantized(output), inputs.count > 1, affines.count == inputs.count else { return false }
    // Pairs: the first two, then what came of the last pair and the next.
    let pairs = zip(affines.dropFirst(), [affines[0]] + Array(repeating: result, count: inputs.count - 2))
    let factors = pairs.compactMap { AdditionFactors(a: $1.scale, b: $0.scale, output: result.scale) }
    guard factors.count == inputs.count - 1 else { return false }
    let shape = try shape(of: output)
    let layout = elementwiseLayout(inputs, shape, affines.map { .int8($0) })
    let forms = try zip(inputs, affines).map { try readForElementwise($0, .int8($1), layout, shape) }
    let partType = TensorType(.int8, layout.memoryShape(of: shape))
    var (best, bestShape, bestAffine) = (forms[0], try self.shape(of: inputs[0]), affines[0])
    for (index, factor) in zip(1..., factors) {
      let (form, affine) = (forms[index], affines[index])
      let walk = binaryWalk((best, bestShape), (form, try self.shape(of: inputs[index])), shape, layout)
      let isLast = index == factors.count
      let buffer = isLast ? try write(output, as: .int8(result), in: layout) : temporary(partType)
      append {
        ExtremeStep(
          name: $0, isMaximum: isMaximum, a: best.buffer, b: form.buffer, output: buffer, walk: walk,
          zeroPointA: bestAffine.zeroPoint, zeroPointB: affine.zeroPoint, multiplierA: factor.a, multiplierB: factor.b,
          requantization: Requantization(shift: factor.shift, to: result))
      }
      best = Form(encoding: .int8(result), layout: layout, buffer: buffer)
      (bestShape, bestAffine) = (shape, result)
    }
    return true
  }
}
