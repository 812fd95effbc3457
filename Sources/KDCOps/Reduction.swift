import KDCDiagnostics
import KDCGraph
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
