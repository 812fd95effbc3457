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
  /// What a reader needs of a value, and so what of the graph before it computes in float.
  enum Need: Int, Comparable {
    /// Nothing: int8 will do.
    case none
    /// Element-wise operators and reductions.
    case elementwise
    /// The layer with weights as well, where it computes the value directly.
    case layer
    /// As `layer`, with the small values of a range as precise as the large ones: through squares too, and through the
    /// first layers of a model, which make its spectra.
    case relative

    static func < (a: Need, b: Need) -> Bool { a.rawValue < b.rawValue }
  }

  /// Indices of nodes that compute in float.
  private(set) var nodes: Set<Int> = []
  /// The layers with weights among `nodes`, by `Node.key`, each with the reason.
  private(set) var layers: [String: String] = [:]

  private let graph: Graph
  private let producers: [String: Int]
  private var needs: [String: Need] = [:]

  /// `graph` is canonical, with types inferred.
  init(_ graph: Graph) {
    self.graph = graph
    producers = graph.uses().producers
    let depths = Self.depths(graph)
    for index in graph.nodes.indices.reversed() { walkBack(index, depth: depths[index]) }
    walkForward()
  }

  // MARK: Backwards

  private mutating func walkBack(_ index: Int, depth: Int) {
    let node = graph.nodes[index]
    let need = node.outputs.compactMap { needs[$0] }.max() ?? .none
    demand(of: node, at: index)
    guard need > .none else { return }
    if WeightedNode.weights(of: node) != nil {
      guard need >= .layer else { return }
      nodes.insert(index)
      layers[node.key] = "a logarithm, a root or a quotient of its output needs more than 8 bits"
      if need == .relative, depth <= Self.frontDepth { raise(node.input(0), to: .relative) }
      return
    }
    switch Kind(node.opType) {
    case .elementwise(let operands), .average(let operands):
      nodes.insert(index)
      // √(a² + b²) is as far off as a and b are.
      let passed = need == .layer && isSquare(node) ? .elementwise : need
      for operand in node.inputs.indices where operands.contains(operand) { raise(node.input(operand), to: passed) }
    case .function: nodes.insert(index)
    case .movement(let operands):
      for operand in node.inputs.indices where operands.contains(operand) { raise(node.input(operand), to: need) }
    case .other: break
    }
  }

  /// What the node needs of its own inputs.
  private mutating func demand(of node: Node, at index: Int) {
    switch node.opType {
    case "Add", "Sub":
      guard node.inputs.contains(where: isMask) else { return }
      for input in node.inputs { raise(input, to: .elementwise) }
    case "Div":
      guard let divisor = node.input(1), graph.initializers[divisor] == nil else { return }
      raise(divisor, to: .layer)
      raise(node.input(0), to: .elementwise)
    case "Pow":
      guard !hasWholeExponent(node) else { return }
      // Above 1 small bases hardly matter.
      let isFlat = node.input(1).flatMap { graph.initializers[$0]?.floats }?.allSatisfy { $0 >= 1 } ?? false
      raise(node.input(0), to: isFlat ? .elementwise : .layer)
      raise(node.input(1), to: .elementwise)
    case "Sqrt", "Reciprocal": raise(node.input(0), to: .layer)
    case "Log": raise(node.input(0), to: .relative)
    case "Exp", "Softmax", "LogSoftmax", "LayerNormalization", "InstanceNormalization", "RMSNormalization",
      "LpNormalization", "ReduceL2", "ReduceSumSquare", "ReduceLogSumExp":
      raise(node.input(0), to: .elementwise)
      return
    case "ReduceSum", "ReduceMean", "GlobalAveragePool", "AveragePool":
      // Squares have twice the range of what they are of.
      guard let input = node.input(0), isSquare(source(of: input)) else { return }
      raise(input, to: .elementwise)
    default: return
    }
    nodes.insert(index)
  }

  private mutating func raise(_ value: String?, to need: Need) {
    guard let value, graph.initializers[value] == nil, needs[value] ?? .none < need else { return }
    needs[value] = need
  }

  // MARK: Forwards

  private mutating func walkForward() {
    // Values that exist in float.
    var float = Set(graph.inputs.map(\.name))
    for (index, node) in graph.nodes.enumerated() {
      let kind = Kind(node.opType)
      if WeightedNode.weights(of: node) == nil, isFed(node, kind, by: float) { nodes.insert(index) }
      let isFloat =
        switch kind {
        case .elementwise, .average, .function: nodes.contains(index)
        case .movement(let operands): isAll(node, operands, in: float)
        case .other: WeightedNode.weights(of: node) == nil || nodes.contains(index)
        }
      if isFloat { float.formUnion(node.outputs) }
    }
  }

  /// Whether the node computes in float since its operands are there.
  private func isFed(_ node: Node, _ kind: Kind, by float: Set<String>) -> Bool {
    switch kind {
    case .elementwise(let operands): isAll(node, operands, in: float)
    case .function: node.opType == "Exp" && isAll(node, 0...0, in: float)
    // Moving int8 values is cheaper, and as good where nothing was float.
    case .movement(let operands):
      node.outputs.contains { needs[$0] ?? .none > .none } && isAll(node, operands, in: float)
    case .average, .other: false
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
  private static func depths(_ graph: Graph) -> [Int] {
    var depth: [String: Int] = [:]
    return graph.nodes.map { node in
      let isLayer = WeightedNode.weights(of: node) != nil || ["LSTM", "GRU"].contains(node.opType)
      let own = (node.inputs.compactMap { depth[$0] }.max() ?? 0) + (isLayer ? 1 : 0)
      for output in node.outputs { depth[output] = own }
      return own
    }
  }

  /// Whether a constant hides some of the values that it is added to: no range holds the others as well.
  private func isMask(_ name: String) -> Bool {
    guard let values = graph.initializers[name]?.floats, let low = values.min(), let high = values.max() else {
      return false
    }
    return values.count > 1 && !(high - low < 10_000)
  }

  /// Exponents 1, 2 and 3 are products.
  private func hasWholeExponent(_ node: Node) -> Bool {
    node.input(1).flatMap { graph.initializers[$0]?.floats }?.allSatisfy { [1, 2, 3].contains($0) } ?? false
  }

  private func isSquare(_ node: Node?) -> Bool {
    guard let node else { return false }
    if node.opType == "Mul" { return node.inputs.count == 2 && node.inputs[0] == node.inputs[1] }
    return node.opType == "Pow" && hasWholeExponent(node)
  }

  /// The node whose values `value` has, in whatever places.
  private func source(of value: String) -> Node? {
    var value = value
    while let index = producers[value] {
      guard case .movement = Kind(graph.nodes[index].opType), let input = graph.nodes[index].input(0) else {
        return graph.nodes[index]
      }
      value = input
    }
    return nil
  }
}

extension Quantizer {
  /// The layers with weights of a canonical graph that stay float since what reads them needs more than 8 bits, by
  /// `Node.key`, each with the reason.
  package static func layersInFloat(of graph: Graph) -> [String: String] { FloatNeeds(graph).layers }
}

extension FloatNeeds {
  /// What an operator does with the precision of its operands; the range has their numbers.
  fileprivate enum Kind {
    /// Hands the need of its output on to its operands.
    case elementwise(ClosedRange<Int>)
    /// The same, but as good in int8 where nothing needs more.
    case average(ClosedRange<Int>)
    /// Computes in float where its output needs it, from whatever it gets: its steepness is bounded.
    case function
    case movement(ClosedRange<Int>)
    case other

    init(_ opType: String) {
      switch opType {
      case "Add", "Sub", "Mul", "Div", "Sum", "Mean", "Max", "Min": self = .elementwise(0...Int.max - 1)
      case "Where": self = .elementwise(1...2)
      case "Neg", "Abs", "Relu", "LeakyRelu", "PRelu", "Clip", "Pow", "Sqrt", "Reciprocal", "Log", "CumSum",
        "ReduceSum",
        "ReduceMean", "ReduceMax", "ReduceMin", "ReduceL1", "ReduceL2", "ReduceSumSquare":
        self = .elementwise(0...0)
      case "AveragePool", "GlobalAveragePool": self = .average(0...0)
      case "Sigmoid", "HardSigmoid", "Tanh", "Exp", "Erf", "Elu", "Selu", "Softplus", "Softsign", "Gelu", "QuickGelu",
        "HardSwish", "Mish":
        self = .function
      case "Concat": self = .movement(0...Int.max - 1)
      case "DepthToSpace", "Dropout", "Expand", "Flatten", "Gather", "GatherElements", "GlobalMaxPool", "Identity",
        "MaxPool", "Pad", "Reshape", "Resize", "Slice", "SpaceToDepth", "Split", "Squeeze", "Tile", "Transpose",
        "Trilu",
        "Unsqueeze", "Upsample":
        self = .movement(0...0)
      default: self = .other
      }
    }
  }
}
