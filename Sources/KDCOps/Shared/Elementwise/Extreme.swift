import KDCTensor

/// The largest or smallest of one or more operands: that one gets the gradient, the first of equal ones.
protocol Extreme: BinaryArithmetic, Differentiable {}

extension Extreme {
  package static var isVariadic: Bool { true }

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
