import KDCGraph
import KDCOps
import KDCTensor

/// Finds statistics that exporters write out: means, variances, deviations. Each function looks from a value backwards
/// and answers only where the value is exactly that; inner values that are read elsewhere stay computed.
struct NormalizationMatcher {
  /// A value and the axes that a statistic of it is over, ascending.
  struct Statistic: Equatable {
    var input: String
    var axes: [Int]
  }

  /// sqrt(statistic + epsilon), or 1 over that, times a constant where `gain` is one.
  struct Deviation {
    var of: Statistic
    var epsilon: Float
    var isInverse: Bool
    var gain: String?
  }

  let graph: Graph
  let uses: ValueUses

  init(_ graph: Graph) {
    self.graph = graph
    uses = graph.uses()
  }

  func producer(_ value: String, _ opTypes: String...) -> Node? {
    guard let index = uses.producers[value], graph.nodes[index].domain.isEmpty,
      opTypes.contains(graph.nodes[index].opType)
    else { return nil }
    return graph.nodes[index]
  }

  /// The mean of a value over some axes, which stay with size 1.
  func mean(_ value: String) -> Statistic? {
    guard let kept = graph.types[value]?.shape else { return nil }
    var inner = value
    while let node = producer(inner, "Unsqueeze", "Reshape") { inner = node.inputs[0] }
    guard let node = producer(inner, "ReduceMean", "GlobalAveragePool", "Div", "Mul"),
      let statistic = reduced(node), let shape = graph.types[statistic.input]?.shape,
      kept.dims == shape.dims.indices.map({ statistic.axes.contains($0) ? 1 : shape[$0] })
    else { return nil }
    return statistic
  }

  private func reduced(_ node: Node) -> Statistic? {
    guard let input = node.input(0), let shape = graph.types[input]?.shape else { return nil }
    switch node.opType {
    case "GlobalAveragePool": return Statistic(input: input, axes: Array(2..<max(shape.rank, 2)))
    case "ReduceMean": return axes(of: node, (try? ReduceMean(decoding: node))?.reduction)
    default:
      // The sum over the number of elements.
      guard let (sum, scalar) = graph.valueAndScalar(node, commutes: node.opType == "Mul"),
        let reduce = producer(sum, "ReduceSum"),
        let statistic = axes(of: reduce, (try? ReduceSum(decoding: reduce))?.reduction),
        let dims = graph.types[statistic.input]?.shape.dims
      else { return nil }
      let count = Float(statistic.axes.reduce(1) { $0 * dims[$1] })
      return isClose(node.opType == "Mul" ? 1 / scalar : scalar, count) ? statistic : nil
    }
  }

  private func axes(of node: Node, _ reduction: Reduction?) -> Statistic? {
    guard let reduction, let input = node.input(0), let shape = graph.types[input]?.shape else { return nil }
    let given = graph.integers(node.input(1))
    guard node.input(1) == nil || given != nil,
      let op = try? Operators.decode(node), let plan = try? reduction.plan(op, input: shape, given: given)
    else { return nil }
    return Statistic(input: input, axes: plan.axes)
  }

  /// x of x − mean(x), or of its negative, with the mean's axes.
  func centred(_ value: String, orNegative: Bool = false) -> Statistic? {
    guard let sub = producer(value, "Sub"), sub.inputs.count == 2 else { return nil }
    if let mean = mean(sub.inputs[1]), mean.input == sub.inputs[0] { return mean }
    guard orNegative, let mean = mean(sub.inputs[0]), mean.input == sub.inputs[1] else { return nil }
    return mean
  }

  /// The mean of squares of a value.
  func meanSquare(_ value: String) -> Statistic? {
    guard let outer = mean(value), let factors = squared(outer.input), factors.0 == factors.1 else { return nil }
    return Statistic(input: factors.0, axes: outer.axes)
  }

  /// The variance of a value: mean((x − mean)²), or mean(x²) − mean(x)², raised to 0 or not.
  func variance(_ value: String) -> Statistic? {
    if let outer = mean(value), let factors = squared(outer.input), let x = centred(factors.0, orNegative: true),
      x.axes == outer.axes, factors.0 == factors.1 || centred(factors.1, orNegative: true) == x
    {
      return x
    }
    var value = value
    if let raised = producer(value, "Max", "Relu", "Clip") {
      if raised.opType == "Max" {
        guard let (inner, zero) = graph.valueAndScalar(raised), zero == 0 else { return nil }
        value = inner
      } else {
        guard let bounds = graph.clampBounds(raised), bounds == (0, .infinity) else { return nil }
        value = raised.inputs[0]
      }
    }
    guard let sub = producer(value, "Sub"), sub.inputs.count == 2, let squares = meanSquare(sub.inputs[0]),
      let factors = squared(sub.inputs[1]), factors.0 == factors.1, let mean = mean(factors.0), mean == squares
    else { return nil }
    return mean
  }

  /// The two factors of a square; they may be two values that are equal up to their signs.
  private func squared(_ value: String) -> (String, String)? {
    guard let node = producer(value, "Mul", "Pow"), node.inputs.count == 2 else { return nil }
    if node.opType == "Mul" { return (node.inputs[0], node.inputs[1]) }
    return graph.scalar(node.inputs[1]) == 2 ? (node.inputs[0], node.inputs[0]) : nil
  }

  /// The deviation that `value` is, of the statistic that `find` finds.
  func deviation(_ value: String, of find: (String) -> Statistic?) -> Deviation? {
    if let direct = root(value, of: find) { return direct }
    guard let node = producer(value, "Reciprocal", "Div", "Mul") else { return nil }
    switch node.opType {
    case "Reciprocal": return root(node.inputs[0], of: find).flatMap(inverted)
    case "Div":
      return graph.scalar(node.inputs[0]) == 1 ? root(node.inputs[1], of: find).flatMap(inverted) : nil
    default:
      for (own, other) in [(0, 1), (1, 0)] where graph.floatConstant(node.inputs[other]) != nil {
        guard var found = deviation(node.inputs[own], of: find), found.isInverse, found.gain == nil else { continue }
        found.gain = node.inputs[other]
        return found
      }
      return nil
    }
  }

  private func inverted(_ deviation: Deviation) -> Deviation? {
    guard !deviation.isInverse else { return nil }
    var result = deviation
    result.isInverse = true
    return result
  }

  /// (statistic + epsilon) to the power ½ or −½.
  private func root(_ value: String, of find: (String) -> Statistic?) -> Deviation? {
    guard let node = producer(value, "Sqrt", "Pow") else { return nil }
    var isInverse = false
    if node.opType == "Pow" {
      guard let exponent = graph.scalar(node.inputs[1]), abs(exponent) == 0.5 else { return nil }
      isInverse = exponent < 0
    }
    let radicand = node.inputs[0]
    if let statistic = find(radicand) { return Deviation(of: statistic, epsilon: 0, isInverse: isInverse) }
    guard let add = producer(radicand, "Add"), let (inner, epsilon) = graph.valueAndScalar(add), epsilon >= 0,
      let statistic = find(inner)
    else { return nil }
    return Deviation(of: statistic, epsilon: epsilon, isInverse: isInverse)
  }

  private func isClose(_ a: Float, _ b: Float) -> Bool { abs(a - b) <= 1e-5 * abs(b) }
}

extension NormalizationMatcher {
  /// A value divided by a deviation, as a Div or a Mul computes it.
  func quotient(_ node: Node, of find: (String) -> Statistic?) -> (value: String, deviation: Deviation)? {
    guard node.isStandard("Div", "Mul"), node.inputs.count == 2 else { return nil }
    if node.opType == "Div" {
      guard let deviation = deviation(node.inputs[1], of: find), !deviation.isInverse else { return nil }
      return (node.inputs[0], deviation)
    }
    for (own, other) in [(0, 1), (1, 0)] {
      guard let deviation = deviation(node.inputs[other], of: find), deviation.isInverse else { continue }
      return (node.inputs[own], deviation)
    }
    return nil
  }
}

extension Graph {
  /// As `rewriteNodes`, with a matcher that is rebuilt only after a change.
  mutating func rewriteNormalizations(_ rewrite: (inout Graph, Int, NormalizationMatcher) -> Bool) -> Int {
    guard nodes.contains(where: { $0.isStandard("Sqrt", "Pow") || $0.opType.hasSuffix("Normalization") }) else {
      return 0
    }
    var matcher = NormalizationMatcher(self)
    var changes = 0
    var index = 0
    while index < nodes.count {
      if rewrite(&self, index, matcher) {
        changes += 1
        index = max(0, index - 1)
        matcher = NormalizationMatcher(self)
      } else {
        index += 1
      }
    }
    return changes
  }

  /// A constant as one value for each element of `dims`, to whose axes, after leading ones, it broadcasts.
  func broadcastConstant(_ name: String, to dims: [Int]) -> [Float]? {
    guard let tensor = floatConstant(name), dims.reduce(1, *) <= 1 << 18 else { return nil }
    let own = Array(tensor.shape.dims.drop { $0 == 1 })
    guard own.count <= dims.count, zip(own.reversed(), dims.reversed()).allSatisfy({ $0 == 1 || $0 == $1 }) else {
      return nil
    }
    return tensor.reshaped(to: Shape(own)).expanded(to: Shape(dims)).floats
  }
}
