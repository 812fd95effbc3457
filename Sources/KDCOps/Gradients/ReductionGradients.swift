import KDCDiagnostics
import KDCTensor

extension ReduceSum: Differentiable {
  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    try reduction.spread(self, inputs, outputGradients.optional(0), wanted) { _ in 1 }
  }
}

extension ReduceMean: Differentiable {
  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    try reduction.spread(self, inputs, outputGradients.optional(0), wanted) { 1 / Float(max(1, $0)) }
  }
}

extension ReduceMax: Differentiable {
  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    try reduction.route(self, inputs, outputs, outputGradients.optional(0), wanted)
  }
}

extension ReduceMin: Differentiable {
  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    try reduction.route(self, inputs, outputs, outputGradients.optional(0), wanted)
  }
}

extension ReduceL1: Differentiable {
  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    try reduction.scale(self, inputs, outputs, outputGradients.optional(0), wanted) { x, _ in
      x > 0 ? 1 : x < 0 ? -1 : 0
    }
  }
}

extension ReduceL2: Differentiable {
  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    // At 0 any slope in −1...1 would do.
    try reduction.scale(self, inputs, outputs, outputGradients.optional(0), wanted) { x, y in y > 0 ? x / y : 0 }
  }
}

extension ReduceSumSquare: Differentiable {
  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    try reduction.scale(self, inputs, outputs, outputGradients.optional(0), wanted) { x, _ in 2 * x }
  }
}

extension Reduction.Plan {
  /// The output with the reduced axes kept as 1.
  fileprivate var kept: Shape { Shape(zip(input.dims, reduced).map { $1 ? 1 : $0 }) }
}

extension Reduction {
  /// Every element of a group gets the group's gradient times `factor` of the number of elements.
  fileprivate func spread(
    _ op: some Operator, _ inputs: [Tensor?], _ gradient: Tensor?, _ wanted: [Bool], factor: (Int) -> Float
  ) throws -> [Tensor?] {
    var result = [Tensor?].none(inputs.count)
    guard wanted.at(0), let values = gradient?.floats else { return result }
    let plan = try plan(op, input: inputs.required(0).shape, given: inputs.optionalInts(1))
    let scale = factor(plan.count)
    let scaled = scale == 1 ? values : values.map { $0 * scale }
    result[0] = Tensor(plan.kept, scaled).expanded(to: plan.input)
    return result
  }

  /// Every element x of a group with the result y gets the group's gradient times `slope(x, y)`.
  fileprivate func scale(
    _ op: some Operator, _ inputs: [Tensor?], _ outputs: [Tensor], _ gradient: Tensor?, _ wanted: [Bool],
    slope: (Float, Float) -> Float
  ) throws -> [Tensor?] {
    var result = [Tensor?].none(inputs.count)
    guard wanted.at(0), let values = gradient?.floats, let y = outputs.first?.floats else { return result }
    let (shape, x) = try inputs.floats(0)
    let plan = try plan(op, input: shape, given: inputs.optionalInts(1))
    let gradients = Tensor(plan.kept, values).expanded(to: plan.input).floats ?? []
    let results = Tensor(plan.kept, y).expanded(to: plan.input).floats ?? []
    result[0] = Tensor(shape, zip(x, zip(gradients, results)).map { x, other in other.0 * slope(x, other.1) })
    return result
  }

  /// The first element of a group that equals the result gets the group's gradient.
  fileprivate func route(
    _ op: some Operator, _ inputs: [Tensor?], _ outputs: [Tensor], _ gradient: Tensor?, _ wanted: [Bool]
  ) throws -> [Tensor?] {
    var result = [Tensor?].none(inputs.count)
    guard wanted.at(0), var rest = gradient?.floats else { return result }
    let (x, y) = (try inputs.floats(0).values, try outputs.floats(0).values)
    let plan = try plan(op, input: inputs.required(0).shape, given: inputs.optionalInts(1))
    let groups = Tensor(plan.kept, (0..<rest.count).map { Int64($0) }).expanded(to: plan.input).asInts
    var values = [Float](repeating: 0, count: x.count)
    for (at, group) in groups.enumerated() where x[at] == y[group] {
      values[at] = rest[group]
      rest[group] = 0
    }
    result[0] = Tensor(plan.input, values)
    return result
  }
}
