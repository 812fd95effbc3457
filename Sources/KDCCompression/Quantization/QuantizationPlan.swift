import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor

/// Which values of a graph become int8, decided from the operators' rules before anything is measured.
struct QuantizationPlan {
  /// Decoded operator and rule of every node, in the order of the graph's nodes.
  let operators: [any Operator]
  let rules: [QuantizationRule]
  /// float32 activations that will have an int8 representation.
  let quantized: Set<String>
  /// Values whose only user is one Concat: they wait for its range. Keyed by value, the Concat's node index.
  let deferred: [String: Int]
  /// For each node, the activations that no later node reads.
  let lastUses: [[String]]
  /// Bytes of float activations alive at once, for one sample.
  let peakBytes: Int

  /// `floatNodes` (by `Node.key`) stay float whatever their operators could do.
  init(_ graph: Graph, floatNodes: Set<String> = []) throws {
    operators = try graph.nodes.map { try Operators.decode($0) }
    let activations = Set(
      (graph.inputs.map(\.name) + graph.nodes.flatMap(\.outputs)).filter {
        graph.types[$0]?.dataType == .float32 && graph.initializers[$0] == nil
      })
    rules = zip(graph.nodes, operators).map { node, op in
      guard let op = op as? any Quantizable, !floatNodes.contains(node.key) else { return .float }
      // Concat moves data from several inputs, which the quantiser brings to one range.
      if node.opType == "Concat" { return .sameAsInput }
      if let weights = WeightedNode.weights(of: node) {
        guard let input = node.input(0), activations.contains(input), graph.initializers[weights]?.dataType == .float32
        else { return .float }
      }
      return op.quantizationRule
    }
    quantized = Self.quantizedValues(graph, rules: rules, activations: activations)
    deferred = Self.deferredValues(graph, rules: rules, quantized: quantized)
    (lastUses, peakBytes) = Self.lifetimes(graph)
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
        guard case .sameAsInput = rule, node.outputs.contains(where: result.contains) else { continue }
        let moved = node.opType == "Concat" ? node.inputs : Array(node.inputs.prefix(1))
        result.formUnion(moved.filter(activations.contains))
      }
    }
    return result
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
      for name in node.outputs where quantized.contains(name) && !graph.outputs.contains(name) {
        guard let user = users[name]?.first, users[name]?.count == 1, graph.nodes[user].opType == "Concat" else {
          continue
        }
        result[name] = user
      }
    }
    return result
  }

  private static func lifetimes(_ graph: Graph) -> (lastUses: [[String]], peakBytes: Int) {
    var lastUses = [[String]](repeating: [], count: graph.nodes.count)
    var seen = Set(graph.outputs)
    for (index, node) in graph.nodes.enumerated().reversed() {
      for name in node.inputs + node.outputs where !name.isEmpty && graph.initializers[name] == nil {
        if seen.insert(name).inserted { lastUses[index].append(name) }
      }
    }
    var live = graph.inputs.reduce(0) { $0 + $1.type.byteCount }
    var peak = live
    for (index, node) in graph.nodes.enumerated() {
      live += node.outputs.reduce(0) { $0 + (graph.types[$1]?.byteCount ?? 0) }
      peak = max(peak, live)
      live -= lastUses[index].reduce(0) { $0 + (graph.types[$1]?.byteCount ?? 0) }
    }
    return (lastUses, max(peak, 1))
  }
}
