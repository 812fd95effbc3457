import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor

/// The attributes of the Reduce operators: axes (an attribute, later an input), keepdims, noop_with_empty_axes.
package struct Reduction: Sendable {
  /// From the attribute; nil where absent, or where this version has them as input 1.
  package let axes: [Int]?
  package let keepsDimensions: Bool
  /// Without axes: the identity instead of a reduction over all of them.
  package let emptyIsIdentity: Bool

  /// Axes are an input from opset `axesInputSince` on.
  init(decoding node: Node, axesInputSince: Int) throws(Diagnostic) {
    axes = node.opset < axesInputSince ? try node.optionalInts("axes") : nil
    keepsDimensions = try node.flag("keepdims", default: true)
    emptyIsIdentity = node.opset < axesInputSince ? false : try node.flag("noop_with_empty_axes", default: false)
  }

  /// A reduction with its axes known.
  package struct Plan: Sendable {
    package var input: Shape
    /// True at each reduced axis.
    package var reduced: [Bool]
    package var output: Shape
    /// The reduced axes, ascending.
    package var axes: [Int] { reduced.indices.filter { reduced[$0] } }
    /// Elements that make one of the output.
    package var count: Int { axes.map { input[$0] }.reduce(1, *) }
  }

  /// `given` are the axes of input 1. Throws KDC2011 for axes outside the input.
  package func plan(_ op: some Operator, input: Shape, given: [Int]?) throws(Diagnostic) -> Plan {
    var reduced = [Bool](repeating: false, count: input.rank)
    let listed = axes ?? given ?? []
    for axis in listed { reduced[try op.normalized(axis: axis, rank: input.rank)] = true }
    if listed.isEmpty, !emptyIsIdentity { reduced = [Bool](repeating: true, count: input.rank) }
    var output: [Int] = []
    for (axis, size) in input.dims.enumerated() {
      if !reduced[axis] { output.append(size) } else if keepsDimensions { output.append(1) }
    }
    return Plan(input: input, reduced: reduced, output: Shape(output))
  }

  func outputTypes(_ op: some Operator, _ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let data = try op.required(inputs, 0, "data").type
    guard [.float32, .int64, .int32].contains(data.dataType) else {
      throw op.typeMismatch("input data is \(data), must be float32, int64 or int32")
    }
    let plan = try plan(op, input: data.shape, given: op.constantInts(inputs, 1, "axes"))
    return [TensorType(data.dataType, plan.output)]
  }

  /// Combines the elements of each group, first to last; `finish` gets the result and the number of elements.
  /// `start` is the result of an empty group.
  func evaluate(
    _ op: some Operator, _ inputs: [Tensor?], start: (float: Float, integer: Int64),
    float: (Float, Float) -> Float, integer: (Int64, Int64) -> Int64,
    finishFloat: (Float, Int) -> Float = { value, _ in value },
    finishInteger: (Int64, Int) -> Int64 = { value, _ in value }
  ) throws -> [Tensor] {
    let data = try inputs.required(0)
    let plan = try plan(op, input: data.shape, given: inputs.optionalInts(1))
    switch data.elements {
    case .float32(let values):
      let sums = Self.fold(values, plan, start: start.float, float)
      return [Tensor(plan.output, sums.map { finishFloat($0, plan.count) })]
    case .int64(let values):
      let sums = Self.fold(values, plan, start: start.integer, integer)
      return [Tensor(plan.output, sums.map { finishInteger($0, plan.count) })]
    case .int32(let values):
      let sums = Self.fold(values.map(Int64.init), plan, start: start.integer, integer)
      return [Tensor(plan.output, sums.map { Int32(truncatingIfNeeded: finishInteger($0, plan.count)) })]
    default: throw InternalError("reduction of \(data.type)")
    }
  }

  private static func fold<T>(_ values: [T], _ plan: Plan, start: T, _ combine: (T, T) -> T) -> [T] {
    var result = [T](repeating: start, count: plan.output.count)
    // Distance in the result for a step along each input axis; 0 along reduced ones.
    let kept = Shape(zip(plan.input.dims, plan.reduced).map { $1 ? 1 : $0 }).strides
    let steps = zip(kept, plan.reduced).map { $1 ? 0 : $0 }
    guard let inner = plan.input.dims.last, let innerStep = steps.last, inner > 0 else {
      for i in values.indices { result[i] = combine(result[i], values[i]) }
      return result
    }
    var position = [Int](repeating: 0, count: plan.input.rank)
    var target = 0
    for row in stride(from: 0, to: values.count, by: inner) {
      if innerStep == 0 {
        var value = result[target]
        for i in 0..<inner { value = combine(value, values[row &+ i]) }
        result[target] = value
      } else {
        for i in 0..<inner { result[target &+ i] = combine(result[target &+ i], values[row &+ i]) }
      }
      var axis = plan.input.rank - 2
      while axis >= 0 {
        position[axis] += 1
        target += steps[axis]
        if position[axis] < plan.input[axis] { break }
        target -= steps[axis] * position[axis]
        position[axis] = 0
        axis -= 1
      }
    }
    return result
  }
}

extension Operator {
  func lowerReduction(
    _ node: Node, _ reduction: Reduction, _ operation: FloatReduceStep.Operation, before: FloatFunction = .identity,
    after: FloatFunction = .identity, into lowering: inout Lowering
  ) throws {
    let type = try computedType(node, lowering)
    let shape = try lowering.shape(of: node.inputs[0])
    let plan = try reduction.plan(self, input: shape, given: lowering.integers(node, 1))
    guard plan.count > 0 else { throw cannotLower(node, "of no elements") }
    guard type == .float32 || (operation != .mean && before == .identity && after == .identity) else {
      throw cannotLower(
        node, "of \(type.rawValue) values that are computed from data", hint: "cast its input to float32")
    }
    try lowering.reduce(operation, node.inputs[0], node.outputs[0], axes: plan.axes, before: before, after: after)
  }
}

extension Reduction.Plan {
  /// The output with the reduced axes kept as 1.
  var kept: Shape { Shape(zip(input.dims, reduced).map { $1 ? 1 : $0 }) }
}

extension Reduction {
  /// Every element of a group gets the group's gradient times `factor` of the number of elements.
  func spread(
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
  func scale(
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
  func route(
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
