import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor

/// Which values of a graph become int8, decided from the operators' rules before anything is measured.
struct QuantizationPlan {
  /// Decoded operator and rule of every node, in the order of the graph's nodes.
  let operators: [any Operator]
  let rules: [QuantizationRule]
  /// Nodes that compute in float although their operators have integer forms (`FloatNeeds`).
  let staysFloat: Set<Int>
  /// Where the graph ends in float.
  let tail: FloatTail
  /// float32 activations that will have an int8 representation.
  let quantized: Set<String>
  /// Values whose only user is one Concat: they wait for its range. Keyed by value, the Concat's node index.
  let deferred: [String: Int]
  /// Node indices of a Concat and of those that compute what waits for it.
  let waiting: [Int: [Int]]
  /// For each node, the activations that no later node reads, and none that waits.
  let lastUses: [[String]]
  /// Bytes of float activations alive at once, for one sample.
  let peakBytes: Int

  /// `floatNodes` (by `Node.key`) stay float whatever their operators could do.
  init(_ graph: Graph, floatNodes: Set<String> = []) throws {
    let operators = try graph.nodes.map { try Operators.decode($0) }
    self.operators = operators
    let activations = Set(
      (graph.inputs.map(\.name) + graph.nodes.flatMap(\.outputs)).filter {
        graph.types[$0]?.dataType == .float32 && graph.initializers[$0] == nil
      })
    let needs = FloatNeeds(graph, operators: operators).nodes
    staysFloat = needs
    let rules: [QuantizationRule] = graph.nodes.indices.map { index in
      let node = graph.nodes[index]
      guard let op = operators[index] as? any Quantizable, !floatNodes.contains(node.key), !needs.contains(index)
      else { return .float }
      if let weights = WeightedNode.weights(of: node) {
        guard let input = node.input(0), activations.contains(input), graph.initializers[weights]?.dataType == .float32
        else { return .float }
      }
      return op.quantizationRule
    }
    let tail = FloatTail(
      graph, operators: operators, rules: Self.withoutIslands(graph, rules: rules, activations: activations))
    self.tail = tail
    self.rules = tail.rules
    quantized = Self.quantizedValues(graph, rules: tail.rules, activations: activations)
      .union(Self.tableRows(graph, rules: tail.rules, readers: operators, activations: activations))
    deferred = Self.deferredValues(graph, rules: tail.rules, quantized: quantized)
    waiting = graph.nodes.indices.reduce(into: [:]) { [deferred] waiting, index in
      guard let concat = graph.nodes[index].outputs.lazy.compactMap({ deferred[$0] }).first else { return }
      waiting[concat, default: []].append(index)
    }
    lastUses = graph.lastUses(reading: waiting.mapValues { $0.flatMap { graph.nodes[$0].inputs } })
    peakBytes = max(graph.activationPeak(lastUses).bytes, 1)
  }

  /// Where no layer with weights takes part in int8, float loses nothing and needs no conversions: what is pooled or
  /// scaled alone stays float.
  private static func withoutIslands(
    _ graph: Graph, rules: [QuantizationRule], activations: Set<String>
  ) -> [QuantizationRule] {
    func values(_ node: Node) -> [String] { (node.inputs + node.outputs).filter(activations.contains) }
    func isLayer(_ node: Node, _ rule: QuantizationRule) -> Bool {
      if case .integer = rule { WeightedNode.weights(of: node) != nil } else { false }
    }
    let nodes = zip(graph.nodes, rules).filter { if case .float = $0.1 { false } else { true } }
    // Values that are connected with a layer: both ways, until none is added, as `quantizedValues` goes.
    var connected = Set(nodes.filter(isLayer).flatMap { values($0.0) })
    var before = -1
    while connected.count > before {
      before = connected.count
      for (node, _) in nodes + nodes.reversed() {
        let values = values(node)
        if values.contains(where: connected.contains) { connected.formUnion(values) }
      }
    }
    return zip(graph.nodes, rules).map { node, rule in
      guard case .integer = rule, let value = values(node).first, !connected.contains(value) else { return rule }
      return .float
    }
  }

  private static func quantizedValues(
    _ graph: Graph, rules: [QuantizationRule], activations: Set<String>
  ) -> Set<String> {
    var result: Set<String> = []
    // Each round adds values; two passes over the graph settle all but odd cases, and the loop ends when none is added.
    var before = -1
    while result.count > before {
      before = result.count
      for (node, rule) in zip(graph.nodes, rules) {
        switch rule {
        case .integer:
          result.formUnion((node.inputs + node.outputs).filter(activations.contains))
        case .sameAsInput where node.inputs.contains(where: result.contains):
          result.formUnion(node.outputs.filter(activations.contains))
        case .sameAsInput, .float: break
        }
      }
      for (node, rule) in zip(graph.nodes, rules).reversed() {
        guard case .sameAsInput(let movement) = rule, node.outputs.contains(where: result.contains) else { continue }
        // The quantiser brings what is joined to one range.
        let moved = movement == .join ? node.inputs : Array(node.inputs.prefix(1))
        result.formUnion(moved.filter(activations.contains))
      }
    }
    return result
  }

  /// Rows picked from constant tables, where a reader has an integer form: the table is stored in int8 even if the
  /// reader then computes in float.
  private static func tableRows(
    _ graph: Graph, rules: [QuantizationRule], readers: [any Operator], activations: Set<String>
  ) -> [String] {
    let isTable = Set(
      zip(graph.nodes, zip(rules, readers)).compactMap { node, known in
        guard case .sameAsInput = known.0, known.1 is Gather, graph.initializers[node.inputs[0]] != nil else {
          return nil as String?
        }
        return activations.contains(node.outputs[0]) ? node.outputs[0] : nil
      })
    return zip(graph.nodes, readers).flatMap { node, op in
      guard case .integer? = (op as? any Quantizable)?.quantizationRule else { return [String]() }
      return node.inputs.filter(isTable.contains)
    }
  }

  private static func deferredValues(
    _ graph: Graph, rules: [QuantizationRule], quantized: Set<String>
  ) -> [String: Int] {
    var users: [String: [Int]] = [:]
    for (index, node) in graph.nodes.enumerated() {
      for name in Set(node.inputs) where quantized.contains(name) { users[name, default: []].append(index) }
    }
    var result: [String: Int] = [:]
    for (node, rule) in zip(graph.nodes, rules) {
      guard case .integer = rule else { continue }
      guard node.outputs.count == 1, let name = node.outputs.first, quantized.contains(name),
        !graph.outputs.contains(name), let user = users[name]?.first, users[name]?.count == 1,
        case .sameAsInput(.join) = rules[user]
      else { continue }
      result[name] = user
    }
    return result
  }
}
