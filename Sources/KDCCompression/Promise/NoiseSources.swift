import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import KDCTraining

/// What int8 costs a model's outputs, by what is rounded: each activation and each layer's weights, alone in a float model.
struct NoiseSources {
  /// Loss of each of the graph's outputs by a value's rounding; values that only move have none of their own.
  var values: [String: [Double]] = [:]
  /// The same by a node's weights, their bias corrected.
  private(set) var weights: [Int: [Double]] = [:]

  let graph: Graph
  private let operators: [any Operator]
  private let heads: [Head]
  /// Every activation of the float model, by sample.
  private let exact: [[String: Tensor]]
  private let wanted: [[[Float]]]

  /// A change of the float model: the value is another, or the node has other constants.
  enum Change: Sendable {
    case value(String, QuantizationParameters, producer: Int)
    case weights(Int, Tensor, bias: Tensor)
  }

  /// - Parameters:
  ///   - quantized: `graph` with ranges and int8 weights, node by node the same.
  ///   - samples: those to measure on; all of the model's activations on them are in memory at once.
  init(
    _ graph: Graph, plan: QuantizationPlan, quantized: Graph, samples: [[String: Tensor]], threads: Threads
  ) throws {
    self.graph = graph
    operators = plan.operators
    heads = graph.heads()
    let evaluator = try GraphEvaluator(graph)
    let needed = Set(graph.nodes.flatMap(\.inputs) + graph.outputs)
    let exact = try parallelMap(samples.count, threads: threads) { sample in
      var values = samples[sample]
      _ = try evaluator.run(inputs: samples[sample]) { name, tensor in
        if needed.contains(name) { values[name] = tensor }
      }
      return values
    }
    self.exact = exact
    wanted = graph.outputs.map { name in
      exact.map { ($0[name] ?? graph.initializers[name])?.asFloats ?? [] }
    }
    let changes = try changes(plan, quantized)
    let measured = try parallelMap(changes.count, threads: threads) { [self] in try losses(changes[$0]) }
    for (change, losses) in zip(changes, measured) {
      switch change {
      case .value(let name, _, _): values[name] = losses
      case .weights(let node, _, _): weights[node] = losses
      }
    }
  }

  private static let workLimit = 40_000_000_000
  private static let mostSamples = 4
  private static let namedSources = 12

  /// How many samples' activations fit into `bytes` and are measured in reasonable time.
  static func sampleLimit(for graph: Graph, bytes: Int) -> Int {
    let perSample = graph.nodes.flatMap(\.outputs).reduce(0) { $0 + (graph.types[$1]?.byteCount ?? 0) }
    // Half of the model follows a value on average.
    let work = graph.macs / 2 * graph.nodes.count
    return max(1, min(mostSamples, min(bytes / max(perSample, 1), workLimit / max(work, 1))))
  }

  private func changes(_ plan: QuantizationPlan, _ quantized: Graph) throws -> [Change] {
    var found: [Change] = []
    for input in graph.inputs where plan.quantized.contains(input.name) {
      if let range = quantized.quantization[input.name] { found.append(.value(input.name, range, producer: -1)) }
    }
    for (index, node) in graph.nodes.enumerated() {
      if case .integer = plan.rules[index],
        let part = try WeightedNode(node, outputRank: graph.types[node.outputs[0]]?.shape.rank ?? 0),
        let change = try weights(of: index, part, quantized)
      {
        found.append(change)
      }
      if case .sameAsInput(let movement) = plan.rules[index], movement != .join,
        movement != .resample || operators[index] is any ValuePicking
      {
        continue
      }
      for name in node.outputs where plan.quantized.contains(name) {
        if let range = quantized.quantization[name] { found.append(.value(name, range, producer: index)) }
      }
    }
    return found
  }

  private func weights(of index: Int, _ part: WeightedNode, _ quantized: Graph) throws -> Change? {
    guard let name = quantized.nodes[index].input(1),
      case .int8(let integers)? = quantized.initializers[name]?.elements,
      let parameters = quantized.quantization[name], let old = graph.initializers[part.weights]
    else { return nil }
    let new = Tensor(old.shape, parameters.dequantized(integers, old.shape))
    var lost: [Double]?
    for sample in exact {
      guard let input = sample[part.input] ?? graph.initializers[part.input] else { return nil }
      let before = part.channelSums(try part.preActivation(input: input, weights: old, bias: nil, residual: nil))
      let after = part.channelSums(try part.preActivation(input: input, weights: new, bias: nil, residual: nil))
      let difference = zip(before, after).map { $0 - $1 }
      lost = lost.map { zip($0, difference).map(+) } ?? difference
    }
    let lost2 = lost ?? []
    let elements = Double(max((graph.types[graph.nodes[index].outputs[0]]?.shape.count ?? 1) / max(lost2.count, 1), 1))
    let bias = part.bias.flatMap { graph.initializers[$0]?.floats } ?? lost2.map { _ in 0 }
    guard bias.count == lost2.count else { return nil }
    let corrected = zip(bias, lost2).map { $0 + Float($1 / (elements * Double(exact.count))) }
    return .weights(index, new, bias: Tensor([corrected.count], corrected))
  }

  /// The roundings that cost most, in words.
  func largest(of factors: [Double]) -> String {
    func worst(_ harm: [Double]) -> Double { zip(harm, factors).map { $0 * $1 }.max() ?? 0 }
    let all =
      values.map { (name: $0.key, loss: worst($0.value)) }
      + weights.map { (name: "weights of \(graph.nodes[$0.key].key)", loss: worst($0.value)) }
    return all.sorted { ($1.loss, $0.name) < ($0.loss, $1.name) }.prefix(Self.namedSources)
      .map { "\($0.name) \($0.loss.shortened)" }.joined(separator: ", ")
  }

  func losses(_ change: Change) throws -> [Double] {
    let found = try exact.indices.map { try outputs(change, exact[$0]) }
    return heads.indices.map { head in
      OutputLoss(heads[head], found.map { $0[head] }, wanted: wanted[head]).harm
    }
  }

  /// The outputs for a sample: what depends on the change is computed again.
  private func outputs(_ change: Change, _ sample: [String: Tensor]) throws -> [[Float]] {
    var changed: [String: Tensor] = [:]
    var first = 0
    switch change {
    case .value(let name, let range, let producer):
      changed[name] = sample[name].map(range.fakeQuantized)
      first = producer + 1
    case .weights(let node, let weights, let bias):
      var operands = try operands(of: graph.nodes[node], [:], sample)
      while operands.count < 3 { operands.append(nil) }
      (operands[1], operands[2]) = (weights, bias)
      let outputs = try operators[node].evaluate(operands)
      for (name, tensor) in zip(graph.nodes[node].outputs, outputs) where !name.isEmpty { changed[name] = tensor }
      first = node + 1
    }
    for index in first..<max(first, graph.nodes.count) {
      let node = graph.nodes[index]
      guard node.inputs.contains(where: { changed[$0] != nil }) else { continue }
      let outputs = try operators[index].evaluate(operands(of: node, changed, sample))
      for (name, tensor) in zip(node.outputs, outputs) where !name.isEmpty { changed[name] = tensor }
    }
    return graph.outputs.map { ((changed[$0] ?? sample[$0]) ?? graph.initializers[$0])?.asFloats ?? [] }
  }

  private func operands(
    of node: Node, _ changed: [String: Tensor], _ sample: [String: Tensor]
  ) throws -> [Tensor?] {
    try node.inputs.map { name in
      if name.isEmpty { return nil }
      guard let value = changed[name] ?? graph.initializers[name] ?? sample[name] else {
        throw InternalError("'\(name)' was not kept")
      }
      return value
    }
  }
}
