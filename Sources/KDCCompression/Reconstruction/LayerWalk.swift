import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor

/// Runs a graph layer by layer on several samples at once, so that a layer can be changed between the computation of
/// its inputs and that of its output.
struct LayerWalk {
  struct Layer {
    var index: Int
    var node: Node
    var part: WeightedNode
    var linear: LinearLayer
    /// One for each sample.
    var inputs: [Tensor]
    var residuals: [Tensor]?
  }

  private(set) var graph: Graph
  private let operators: [any Operator]
  private let lastUses: [[String]]
  private let threads: Threads

  /// `graph` is canonical and typed.
  init(_ graph: Graph, threads: Threads) throws {
    self.graph = graph
    self.threads = threads
    operators = try graph.nodes.map { try Operators.decode($0) }
    lastUses = graph.lastUses()
  }

  /// Calls `visit` for every FusedConv and FusedGemm in order. It may return other weights and biases, which the rest of
  /// the run then uses, and which are in `graph` at the end.
  mutating func run(
    _ samples: [[String: Tensor]],
    visit: (Layer) throws -> (weights: Tensor, bias: Tensor)?
  ) throws {
    var values: [String: [Tensor]] = [:]
    for input in graph.inputs where graph.initializers[input.name] == nil {
      values[input.name] = try samples.map { sample in
        guard let tensor = sample[input.name] else { throw InternalError("a sample without '\(input.name)'") }
        return tensor
      }
    }
    for index in graph.nodes.indices {
      let node = graph.nodes[index]
      if let linear = try LinearLayer(node, in: graph),
        let part = try WeightedNode(node, outputRank: graph.types[node.outputs[0]]?.shape.rank ?? 0),
        let inputs = values[part.input]
      {
        let layer = Layer(
          index: index, node: node, part: part, linear: linear, inputs: inputs,
          residuals: try part.residual.map { try operand($0, values, samples.count) })
        if let (weights, bias) = try visit(layer) { replace(weights, bias, at: index) }
      }
      try evaluate(index, &values, samples.count)
      for name in lastUses[index] { values[name] = nil }
    }
  }

  private func operand(_ name: String, _ values: [String: [Tensor]], _ count: Int) throws -> [Tensor] {
    if let found = values[name] { return found }
    guard let constant = graph.initializers[name] else { throw InternalError("'\(name)' has no value") }
    return [Tensor](repeating: constant, count: count)
  }

  private func evaluate(_ index: Int, _ values: inout [String: [Tensor]], _ count: Int) throws {
    let node = graph.nodes[index]
    let op = operators[index]
    let operands = try node.inputs.map { $0.isEmpty ? nil : try operand($0, values, count) }
    let results = try parallelMap(count, threads: threads) { sample in try op.evaluate(operands.map { $0?[sample] }) }
    for (slot, name) in node.outputs.enumerated() where !name.isEmpty { values[name] = results.map { $0[slot] } }
  }

  /// New constants for one node; others that share the old ones keep them.
  private mutating func replace(_ weights: Tensor, _ bias: Tensor, at index: Int) {
    while graph.nodes[index].inputs.count < 3 { graph.nodes[index].inputs.append("") }
    for (slot, tensor) in [(1, weights), (2, bias)] {
      let old = graph.nodes[index].input(slot)
      let isShared = old.map { name in
        graph.nodes.enumerated().contains { other, node in other != index && node.inputs.contains(name) }
          || graph.nodes[index].inputs.count { $0 == name } > 1
      }
      if let old, isShared == false {
        graph.initializers[old] = tensor
        graph.types[old] = tensor.type
      } else {
        let base = old ?? (graph.nodes[index].input(1) ?? "") + ".bias"
        graph.nodes[index].inputs[slot] = graph.addInitializer(base, tensor)
      }
    }
  }
}
