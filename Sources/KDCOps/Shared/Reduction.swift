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

  /// A reduction is f(x), then `operation`, then g of the result. Of integers f may be a magnitude or a square.
  struct Steps {
    var operation: FloatReduceStep.Operation
    var before: FloatFunction
    var after: FloatFunction
    init(_ operation: FloatReduceStep.Operation, before: FloatFunction = .identity, after: FloatFunction = .identity) {
      self.operation = operation
      self.before = before
      self.after = after
    }
    /// Whether steps on integers do it.
    var areOfIntegers: Bool { [.identity, .abs, .square].contains(before.kind) && after == .identity }
  }

  /// What an element x of a group with the result y gets of the group's gradient.
  enum Gradient {
    /// A share that the number of elements gives.
    case even((Int) -> Float)
    /// The share slope(x, y).
    case slope((Float, Float) -> Float)
    /// All of it, for the first element that equals the result.
    case first
  }
}

extension Reduction.Plan {
  /// The output with the reduced axes kept as 1.
  fileprivate var kept: Shape { Shape(zip(input.dims, reduced).map { $1 ? 1 : $0 }) }

  /// Combines the elements of each group, first to last.
  fileprivate func fold<T>(_ values: [T], start: T, _ combine: (T, T) -> T) -> [T] {
    var result = [T](repeating: start, count: output.count)
    guard !values.isEmpty else { return result }
    // How far the result moves for a step along each input axis: not at all along reduced ones.
    let loops = StridedLoops(input.dims, zip(kept.strides, reduced).map { $1 ? 0 : $0 })
    let (count, step) = (loops.row.n, loops.row.a)
    loops.forEachRow { at, target, _ in
      if step == 0 {
        var value = result[target]
        for i in 0..<count { value = combine(value, values[at &+ i]) }
        result[target] = value
      } else {
        for i in 0..<count { result[target &+ i &* step] = combine(result[target &+ i &* step], values[at &+ i]) }
      }
    }
    return result
  }
}

/// An operator that combines the elements along some axes, float32 or integers.
protocol ReductionOperator: Quantizable, Lowerable, Differentiable, ChannelPassing, PrecisionPassing {
  var reduction: Reduction { get }
  init(_ reduction: Reduction)
  /// The opset from which on the axes are an input.
  static var axesInputSince: Int { get }
  static var steps: Reduction.Steps { get }
  static var gradient: Reduction.Gradient { get }
  /// The result of a group without elements.
  static var start: (float: Float, integer: Int64) { get }
  static func combined(_ result: Float, _ x: Float) -> Float
  static func combined(_ result: Int64, _ x: Int64) -> Int64
  static func finished(_ result: Float, count: Int) -> Float
  static func finished(_ result: Int64, count: Int) -> Int64
  /// Whether bool may be reduced, where false is 0 and true 1.
  static var allowsBool: Bool { get }
}

extension ReductionOperator {
  static var allowsBool: Bool { false }
  package static var inputCount: ClosedRange<Int> { 1...2 }
  package static var axesInputSince: Int { 18 }
  package var precision: PrecisionFlow { .elementwise(0...0) }
  package var quantizationRule: QuantizationRule { .float }
  static var start: (float: Float, integer: Int64) { (0, 0) }
  static func finished(_ result: Float, count: Int) -> Float { result }
  static func finished(_ result: Int64, count: Int) -> Int64 { result }

  package init(decoding node: Node) throws(Diagnostic) {
    self.init(try Reduction(decoding: node, axesInputSince: Self.axesInputSince))
  }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let data = try required(inputs, 0, "data").type
    guard CastStep.types.contains(data.dataType), data.dataType != .bool || Self.allowsBool else {
      throw typeMismatch("input data is \(data), must be float32 or an integer type")
    }
    let plan = try reduction.plan(self, input: data.shape, given: constantInts(inputs, 1, "axes"))
    return [TensorType(data.dataType, plan.output)]
  }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let data = try inputs.required(0)
    let plan = try reduction.plan(self, input: data.shape, given: inputs.optionalInts(1))
    func integers(_ values: [Int64]) -> [Int64] {
      plan.fold(values, start: Self.start.integer) { Self.combined($0, $1) }
        .map { Self.finished($0, count: plan.count) }
    }
    switch data.elements.numbers {
    case .float(let values):
      let results = plan.fold(values, start: Self.start.float) { Self.combined($0, $1) }
      return [Tensor(plan.output, results.map { Self.finished($0, count: plan.count) })]
    case .signed where plan.count == 0:
      // What starts at the end of 64 bits ends at that of the type.
      let result = Float(Self.finished(Self.start.integer, count: 0))
      let results = [Float](repeating: result, count: plan.output.count)
      return [Tensor(plan.output, Numbers.float(results).elements(as: data.dataType))]
    case .signed(let values): return [Tensor(plan.output, Numbers.signed(integers(values)).elements(as: data.dataType))]
    case .unsigned(let values):
      // In the same order as signed numbers where that matters.
      let isExtreme = [.maximum, .minimum].contains(Self.steps.operation)
      let (first, sign): (Int64, UInt64) = isExtreme ? (Self.start.integer, 1 << 63) : (Self.start.integer, 0)
      let results = plan.fold(values.map { Int64(bitPattern: $0 ^ sign) }, start: first) { Self.combined($0, $1) }
      return [
        Tensor(plan.output, .uint64(results.map { UInt64(bitPattern: Self.finished($0, count: plan.count)) ^ sign }))
      ]
    case .double: throw InternalError("reduction of \(data.type)")
    }
  }

  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let type = try computedType(node, lowering, allowsBool: true)
    let shape = try lowering.shape(of: node.inputs[0])
    let plan = try reduction.plan(self, input: shape, given: lowering.integers(node, 1))
    guard plan.count > 0 else { throw cannotLower(node, "of no elements") }
    let steps = Self.steps
    guard type == .float32 || steps.areOfIntegers else {
      throw cannotLower(
        node, "of \(type.rawValue) values that are computed from data", hint: "cast its input to float32")
    }
    try lowering.reduce(
      steps.operation, node.inputs[0], node.outputs[0], axes: plan.axes, before: steps.before, after: steps.after)
  }

  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    var result = [Tensor?].none(inputs.count)
    guard wanted.at(0), let gradient = try outputGradients.gradient() else { return result }
    let x = try inputs.required(0)
    let plan = try reduction.plan(self, input: x.shape, given: inputs.optionalInts(1))
    func spread(_ values: [Float]) -> Tensor { Tensor(plan.kept, values).expanded(to: plan.input) }
    switch Self.gradient {
    case .even(let share):
      let factor = share(plan.count)
      result[0] = spread(factor == 1 ? gradient : gradient.map { $0 * factor })
    case .slope(let slope):
      let gradients = spread(gradient).floats ?? []
      let results = spread(try outputs.floats(0).values).floats ?? []
      result[0] = Tensor(
        x.shape, zip(x.floats ?? [], zip(gradients, results)).map { x, other in other.0 * slope(x, other.1) })
    case .first:
      let (x, y) = (x.floats ?? [], try outputs.floats(0).values)
      let groups = Tensor(plan.kept, (0..<gradient.count).map { Int64($0) }).expanded(to: plan.input).asInts
      var (rest, values) = (gradient, [Float](repeating: 0, count: x.count))
      for (at, group) in groups.enumerated() where x[at] == y[group] {
        values[at] = rest[group]
        rest[group] = 0
      }
      result[0] = Tensor(plan.input, values)
    }
    return result
  }
}

extension ReductionOperator {
  package func trace(_ node: Node, in trace: inout ChannelTrace) throws {
    guard node.input(1) == nil || trace.integers(node, 1) != nil else { return trace.giveUp() }
    let plan = try reduction.plan(self, input: trace.shape(of: node.inputs[0]), given: trace.integers(node, 1))
    trace.reduce(node, { plan.reduced[$0] }, keepsAxes: reduction.keepsDimensions)
  }
}
