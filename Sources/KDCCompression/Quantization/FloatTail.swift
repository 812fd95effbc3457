import KDCGraph
import KDCOps
import KDCTensor

/// The ends of a graph, where int8 would only lose: nodes that join, cut or shift values of different size and whose results
/// reach nothing but graph outputs, which are float anyway, and float operators.
///
/// Boxes beside scores, states packed into one tensor, anchors added to offsets: each part keeps its own scale and is
/// dequantised by itself, and what is left to do is done in float. What is lossless as int8 (a product with one
/// number, movement, a table of a value that has a scale of its own) stays so. Likewise parts cut out of a graph input, which
/// is float, get a scale each.
struct FloatTail {
  /// The operators' rules, with `.float` for the nodes of the tail.
  private(set) var rules: [QuantizationRule]
  /// Values that no integer operator reads, directly or moved.
  private(set) var free: Set<String> = []
  /// Those of them that reach a graph output.
  private(set) var leaving: Set<String> = []
  /// Values whose elements a join, or arithmetic with constants, hands to a graph output: outputs in all but name.
  private(set) var joined: Set<String> = []
  /// Values that are graph outputs or become parts of one by movement, joins and arithmetic with constants alone.
  private var shown: Set<String> = []
  /// Parts of graph inputs with a scale each.
  private(set) var parts: Set<String> = []

  private let operators: [any Operator]

  init(_ graph: Graph, operators: [any Operator], rules: [QuantizationRule]) {
    self.operators = operators
    self.rules = rules
    cutInputs(graph)
    let uses = graph.uses()
    let unscaled = unscaled(graph)
    for index in graph.nodes.indices.reversed() {
      let node = graph.nodes[index]
      for output in node.outputs where !output.isEmpty { settle(output, graph, uses) }
      guard node.outputs.allSatisfy({ $0.isEmpty || free.contains($0) }) else { continue }
      if case .float = self.rules[index] { continue }
      let isTail =
        operators[index].movement == .join
        || node.outputs.contains(where: leaving.contains)
          && operators[index] is any Elementwise
          && (node.inputs.contains(where: unscaled.contains) || shifts(index, graph))
      if isTail { self.rules[index] = .float }
    }
    for input in graph.inputs { settle(input.name, graph, uses) }
  }

  /// Enters a value all of whose readers are settled.
  private mutating func settle(_ value: String, _ graph: Graph, _ uses: ValueUses) {
    var isFree = true
    var isLeaving = uses.outputs.contains(value)
    var isShown = isLeaving
    var isJoined = false
    for index in uses.consumers[value] ?? [] {
      let results = graph.nodes[index].outputs.filter { !$0.isEmpty }
      let hands = operators[index].movement == .join || constant(index, graph) != nil
      switch rules[index] {
      case .float:
        // A float operator belongs to the end of the graph if nothing after it is int8.
        if results.allSatisfy(free.contains), results.contains(where: leaving.contains) { isLeaving = true }
        if hands, results.contains(where: shown.contains) { (isShown, isJoined) = (true, true) }
      case .sameAsInput(let movement) where movement != .resample:
        if !results.allSatisfy(free.contains) { isFree = false }
        if results.contains(where: leaving.contains) { isLeaving = true }
        if results.contains(where: shown.contains) { isShown = true }
        if results.contains(where: joined.contains) { isJoined = true }
      case .sameAsInput, .integer: isFree = false
      }
    }
    if isShown { shown.insert(value) }
    if isJoined { joined.insert(value) }
    guard isFree else { return }
    free.insert(value)
    if isLeaving { leaving.insert(value) }
  }

  /// Nodes that cut neighbouring elements out of a graph input do so in float, unless only to join them again.
  private mutating func cutInputs(_ graph: Graph) {
    let uses = graph.uses()
    var whole = Set(graph.inputs.map(\.name)).subtracting(graph.initializers.keys)
    for (index, node) in graph.nodes.enumerated() {
      guard case .sameAsInput(let movement) = rules[index], movement != .resample, movement != .join,
        let input = node.input(0), whole.contains(input)
      else { continue }
      if !isCut(index, input, graph) {
        whole.formUnion(node.outputs)
      } else if graph.initializers[node.input(4) ?? ""].map({ $0.asInts.allSatisfy { $0 == 1 } }) ?? true,
        node.outputs.contains(where: { uses.consumers[$0]?.contains { operators[$0].movement != .join } ?? false })
      {
        rules[index] = .float
        parts.formUnion(node.outputs)
      }
    }
  }

  /// Values without a scale of their own that fits them: results of joins, parts of larger values, what float operators
  /// computed or constants of many values changed; and what follows from such by movement and element by element.
  private func unscaled(_ graph: Graph) -> Set<String> {
    var result: Set<String> = []
    for (index, node) in graph.nodes.enumerated() {
      let isUnscaled: Bool
      switch rules[index] {
      case .float: isUnscaled = node.outputs.contains { graph.types[$0]?.dataType == .float32 }
      case .sameAsInput(.join): isUnscaled = true
      case .sameAsInput:
        isUnscaled = node.input(0).map { result.contains($0) || isCut(index, $0, graph) } ?? false
      case .integer:
        isUnscaled =
          operators[index] is any Elementwise
          && (node.inputs.contains(where: result.contains) || constant(index, graph).map { $0.count > 1 } ?? false)
      }
      if isUnscaled { result.formUnion(node.outputs.filter { !$0.isEmpty }) }
    }
    return result
  }

  /// Whether a movement takes parts of a computed value.
  private func isCut(_ index: Int, _ input: String, _ graph: Graph) -> Bool {
    guard operators[index].movement == .cut, graph.initializers[input] == nil,
      let whole = graph.types[input]?.shape.count
    else { return false }
    return graph.nodes[index].outputs.contains { graph.types[$0]?.shape.count ?? whole < whole }
  }

  /// The float constant among the operands of arithmetic; nil where there is none.
  private func constant(_ index: Int, _ graph: Graph) -> Tensor? {
    guard operators[index] is any ElementwiseArithmetic else { return nil }
    return graph.nodes[index].inputs.lazy.compactMap { graph.initializers[$0] }.first { $0.dataType == .float32 }
  }

  /// Whether a constant operand makes one scale a bad fit: many values, or one that is added.
  private func shifts(_ index: Int, _ graph: Graph) -> Bool {
    guard let constant = constant(index, graph), let op = operators[index] as? any ElementwiseArithmetic else {
      return false
    }
    return constant.count > 1 || type(of: op).isSum
  }
}
