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

  /// Operators that share their input's scale but compute, or repeat so much that int8 pays.
  static let resampling: Set<String> = ["MaxPool", "GlobalMaxPool", "Resize", "Upsample"]
  private static let binary: Set<String> = ["Add", "Sub", "Mul", "Div", "Max", "Min", "Sum", "Mean", "PRelu"]

  init(_ graph: Graph, operators: [any Operator], rules: [QuantizationRule]) {
    self.rules = rules
    cutInputs(graph)
    let uses = graph.uses()
    let unscaled = Self.unscaled(graph, operators, self.rules)
    for index in graph.nodes.indices.reversed() {
      let node = graph.nodes[index]
      for output in node.outputs where !output.isEmpty { settle(output, graph, uses) }
      guard node.outputs.allSatisfy({ $0.isEmpty || free.contains($0) }) else { continue }
      if case .float = self.rules[index] { continue }
      let isTail =
        node.opType == "Concat"
        || node.outputs.contains(where: leaving.contains)
          && Self.isElementwise(node, operators[index])
          && (node.inputs.contains(where: unscaled.contains) || Self.shifts(node, graph))
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
      let hands = graph.nodes[index].opType == "Concat" || Self.constant(graph.nodes[index], graph) != nil
      switch rules[index] {
      case .float:
        // A float operator belongs to the end of the graph if nothing after it is int8.
        if results.allSatisfy(free.contains), results.contains(where: leaving.contains) { isLeaving = true }
        if hands, results.contains(where: shown.contains) { (isShown, isJoined) = (true, true) }
      case .sameAsInput where !Self.resampling.contains(graph.nodes[index].opType):
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
      guard case .sameAsInput = rules[index], let input = node.input(0), whole.contains(input),
        !Self.resampling.contains(node.opType), node.opType != "Concat"
      else { continue }
      if !Self.isCut(node, input, graph) {
        whole.formUnion(node.outputs)
      } else if graph.initializers[node.input(4) ?? ""].map({ $0.asInts.allSatisfy { $0 == 1 } }) ?? true,
        node.outputs.contains(where: { uses.consumers[$0]?.contains { graph.nodes[$0].opType != "Concat" } ?? false })
      {
        rules[index] = .float
        parts.formUnion(node.outputs)
      }
    }
  }

  /// Values without a scale of their own that fits them: results of joins, parts of larger values, what float operators
  /// computed or constants of many values changed; and what follows from such by movement and element by element.
  private static func unscaled(
    _ graph: Graph, _ operators: [any Operator], _ rules: [QuantizationRule]
  ) -> Set<String> {
    var result: Set<String> = []
    for (index, node) in graph.nodes.enumerated() {
      let isUnscaled: Bool
      switch rules[index] {
      case .float: isUnscaled = node.outputs.contains { graph.types[$0]?.dataType == .float32 }
      case .sameAsInput where node.opType == "Concat": isUnscaled = true
      case .sameAsInput:
        isUnscaled = node.input(0).map { result.contains($0) || isCut(node, $0, graph) } ?? false
      case .integer:
        isUnscaled =
          isElementwise(node, operators[index])
          && (node.inputs.contains(where: result.contains) || constant(node, graph).map { $0.count > 1 } ?? false)
      }
      if isUnscaled { result.formUnion(node.outputs.filter { !$0.isEmpty }) }
    }
    return result
  }

  /// Whether a movement takes parts of a computed value.
  private static func isCut(_ node: Node, _ input: String, _ graph: Graph) -> Bool {
    guard ["Slice", "Split", "Gather", "GatherElements"].contains(node.opType), graph.initializers[input] == nil,
      let whole = graph.types[input]?.shape.count
    else { return false }
    return node.outputs.contains { graph.types[$0]?.shape.count ?? whole < whole }
  }

  private static func isElementwise(_ node: Node, _ op: any Operator) -> Bool {
    op is any UnaryFunction || node.opType == "Clip" || (node.domain.isEmpty && binary.contains(node.opType))
  }

  /// The float constant among a node's operands; nil where there is none.
  private static func constant(_ node: Node, _ graph: Graph) -> Tensor? {
    guard node.domain.isEmpty, binary.contains(node.opType), node.opType != "PRelu" else { return nil }
    return node.inputs.lazy.compactMap { graph.initializers[$0] }.first { $0.dataType == .float32 }
  }

  /// Whether a constant operand makes one scale a bad fit: many values, or one that is added.
  private static func shifts(_ node: Node, _ graph: Graph) -> Bool {
    guard let constant = constant(node, graph) else { return false }
    return constant.count > 1 || ["Add", "Sub", "Sum"].contains(node.opType)
  }
}
