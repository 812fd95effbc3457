import KDCGraph
import KDCOps
import KDCTensor

/// Nodes that compute in float in an int8 model, since 8 bits of a value would not do for what reads it.
///
/// Backwards from the readers: a divisor that rounds to 0 gives infinity, the logarithm of a value far below the range's
/// end anything, a mask of −10,000 leaves the scores one step. So what computes such a value computes in float, back to
/// the layer with weights, whose int8 output is precise enough for most readers. Forwards from values that are float
/// anyway: element by element, float costs less there than bringing all operands to int8 first, and loses nothing.
struct FloatNeeds {
  /// Indices of nodes that compute in float.
  private(set) var nodes: Set<Int> = []
  /// The layers with weights among `nodes`, by `Node.key`, each with the reason.
  private(set) var layers: [String: String] = [:]

  private let graph: Graph
  private let operators: [any Operator]
  private let producers: [String: Int]
  private var needs: [String: PrecisionNeed] = [:]

  /// `graph` is canonical, with types inferred; `operators` are its nodes', decoded.
  init(_ graph: Graph, operators: [any Operator]) {
    self.graph = graph
    self.operators = operators
    producers = graph.uses().producers
    let depths = depths()
    for index in graph.nodes.indices.reversed() { walkBack(index, depth: depths[index]) }
    walkForward()
  }

  // MARK: Backwards

  private mutating func walkBack(_ index: Int, depth: Int) {
    let node = graph.nodes[index]
    let need = node.outputs.compactMap { needs[$0] }.max() ?? .none
    demand(at: index)
    guard need > .none else { return }
    if isLayer(index) {
      guard need >= .layer else { return }
      nodes.insert(index)
      layers[node.key] = "a logarithm, a root or a quotient of its output needs more than 8 bits"
      if need == .relative, depth <= Self.frontDepth { raise(node.input(0), to: .relative) }
      return
    }
    switch operators[index].precisionFlow {
    case .elementwise(let operands):
      nodes.insert(index)
      // √(a² + b²) is as far off as a and b are.
      let passed = need == .layer && isPower(index) ? .elementwise : need
      for operand in node.inputs.indices where operands.contains(operand) { raise(node.input(operand), to: passed) }
    case .average:
      nodes.insert(index)
      raise(node.input(0), to: need)
    case .function, .steepFunction: nodes.insert(index)
    case .movement(let operands):
      for operand in node.inputs.indices where operands.contains(operand) { raise(node.input(operand), to: need) }
    case .other: break
    }
  }

  /// What the node needs of its own inputs.
  private mutating func demand(at index: Int) {
    let node = graph.nodes[index]
    guard let op = operators[index] as? any PrecisionPassing,
      let demand = op.needs(node, in: graph, { source(of: $0).map(isPower) ?? false })
    else { return }
    for (input, need) in demand.inputs { raise(node.input(input), to: need) }
    if demand.computesInFloat { nodes.insert(index) }
  }

  private mutating func raise(_ value: String?, to need: PrecisionNeed) {
    guard let value, graph.initializers[value] == nil, needs[value] ?? .none < need else { return }
    needs[value] = need
  }

  // MARK: Forwards

  private mutating func walkForward() {
    // Values that exist in float.
    var float = Set(graph.inputs.map(\.name))
    for (index, node) in graph.nodes.enumerated() {
      let flow = operators[index].precisionFlow
      if !isLayer(index), isFed(node, flow, by: float) { nodes.insert(index) }
      let isFloat =
        switch flow {
        case .elementwise, .average, .function, .steepFunction: nodes.contains(index)
        case .movement(let operands): isAll(node, operands, in: float)
        case .other: !isLayer(index) || nodes.contains(index)
        }
      if isFloat { float.formUnion(node.outputs) }
    }
  }

  /// Whether the node computes in float since its operands are there.
  private func isFed(_ node: Node, _ flow: PrecisionFlow, by float: Set<String>) -> Bool {
    switch flow {
    case .elementwise(let operands): isAll(node, operands, in: float)
    case .steepFunction: isAll(node, 0...0, in: float)
    // Moving int8 values is cheaper, and as good where nothing was float.
    case .movement(let operands):
      node.outputs.contains { needs[$0] ?? .none > .none } && isAll(node, operands, in: float)
    case .average, .function, .other: false
    }
  }

  /// Whether all operands that are computed from data are among `values`.
  private func isAll(_ node: Node, _ operands: ClosedRange<Int>, in values: Set<String>) -> Bool {
    let computed = node.inputs.indices.filter { operands.contains($0) }.compactMap { node.input($0) }
      .filter { graph.initializers[$0] == nil }
    return !computed.isEmpty && computed.allSatisfy(values.contains)
  }

  // MARK: What nodes are

  /// The most layers with weights on a way from the model's inputs for a layer to be among the first.
  private static let frontDepth = 2

  /// For each node, the most layers with weights on a way from the model's inputs to its outputs.
  private func depths() -> [Int] {
    var depth: [String: Int] = [:]
    return graph.nodes.indices.map { index in
      let node = graph.nodes[index]
      let own =
        (node.inputs.compactMap { depth[$0] }.max() ?? 0)
        + (isLayer(index) || operators[index] is any Recurrent ? 1 : 0)
      for output in node.outputs { depth[output] = own }
      return own
    }
  }

  private func isLayer(_ index: Int) -> Bool { WeightedNode.weights(of: graph.nodes[index]) != nil }

  private func isPower(_ index: Int) -> Bool {
    (operators[index] as? any PrecisionPassing)?.isPower(graph.nodes[index], in: graph) ?? false
  }

  /// The node whose values `value` has, in whatever places.
  private func source(of value: String) -> Int? {
    var value = value
    while let index = producers[value] {
      guard case .movement = operators[index].precisionFlow, let input = graph.nodes[index].input(0) else {
        return index
      }
      value = input
    }
    return nil
  }
}

extension Quantizer {
  /// The layers with weights of a canonical graph that stay float since what reads them needs more than 8 bits, by
  /// `Node.key`, each with the reason.
  package static func layersInFloat(of graph: Graph) throws -> [String: String] {
    FloatNeeds(graph, operators: try graph.nodes.map { try Operators.decode($0) }).layers
  }
}
