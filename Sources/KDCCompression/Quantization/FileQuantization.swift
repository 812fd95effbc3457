import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor

/// The int8 form that a quantised model's file gives, in place of one that is chosen from samples: the scales and zero points of
/// its values (`Graph.givenQuantization`), and weights that lie on the steps of a scale a channel.
///
/// Layers with values for which the file gives nothing compute in float.
package struct FileQuantization {
  /// `quantization` is filled, weights are int8 initializers.
  package private(set) var graph: Graph
  /// Layers that stay float, by `Node.key`, each with the reason.
  package private(set) var float: [String: String]
  /// Layers whose weights had to be rounded anew, by `Node.key`, each with the reason.
  package private(set) var rounded: [String: String] = [:]

  private let plan: QuantizationPlan

  /// - Parameters:
  ///   - canonical: with types inferred.
  ///   - floatNodes: layers that are to stay float, by `Node.key`.
  package init(_ canonical: Graph, floatNodes: [String: String] = [:], threads: Threads) throws {
    graph = canonical
    float = floatNodes
    var known = canonical.givenQuantization.filter { $0.value.scale > 0 && $0.value.scale.isFinite }
    Self.spread(&known, through: canonical, try canonical.nodes.map { try Operators.decode($0) })
    (plan, float) = try Self.plan(canonical, known: known, float: floatNodes)
    for index in plan.staysFloat { graph.nodes[index].staysFloat = true }
    // A value that is only joined takes the representation of what it becomes a part of, where that is wide enough.
    for (value, concat) in plan.deferred {
      guard let whole = known[canonical.nodes[concat].outputs[0]], known[value].map(whole.covers) ?? true else {
        continue
      }
      known[value] = whole
    }
    for name in plan.quantized { graph.quantization[name] = known[name] }
    for index in graph.nodes.indices {
      guard case .integer = plan.rules[index] else { continue }
      try quantizeWeights(of: index, threads: threads)
    }
    _ = graph.removeUnusedInitializers()
  }

  /// The ranges of the file's activations, for a quantiser that is to keep them.
  package var ranges: [Quantizer.RangeKey: QuantizationParameters] {
    var ranges: [Quantizer.RangeKey: QuantizationParameters] = [:]
    for (name, parameters) in graph.quantization where graph.initializers[name] == nil {
      ranges[Quantizer.RangeKey(value: name, bits: parameters.bits)] = parameters
    }
    return ranges
  }

  // MARK: Values

  /// The plan in which every integer operator has the representations of all its values.
  private static func plan(
    _ graph: Graph, known: [String: QuantizationParameters], float given: [String: String]
  ) throws -> (QuantizationPlan, [String: String]) {
    var float = given
    while true {
      let plan = try QuantizationPlan(graph, floatNodes: Set(float.keys))
      let before = float.count
      for (node, rule) in zip(graph.nodes, plan.rules) {
        guard case .integer = rule, float[node.key] == nil,
          let value = (node.inputs + node.outputs).first(where: { plan.quantized.contains($0) && known[$0] == nil })
        else { continue }
        float[node.key] = "the file gives no scale for '\(value)'"
      }
      if float.count == before { return (plan, float) }
    }
  }

  /// Gives values that are moved the representations of what they are moved from or to.
  private static func spread(
    _ known: inout [String: QuantizationParameters], through graph: Graph, _ operators: [any Operator]
  ) {
    func isActivation(_ name: String) -> Bool {
      graph.types[name]?.dataType == .float32 && graph.initializers[name] == nil
    }
    func set(_ name: String, _ parameters: QuantizationParameters?) {
      if known[name] == nil, isActivation(name) { known[name] = parameters }
    }
    var before = -1
    while known.count > before {
      before = known.count
      for (node, op) in zip(graph.nodes, operators) {
        guard let movement = op.movement, let input = node.input(0) else { continue }
        if movement == .join {
          let parts = node.inputs.filter(isActivation)
          if let whole = known[node.outputs[0]] { parts.forEach { set($0, whole) } }
          let ranges = parts.compactMap { known[$0]?.range }
          guard ranges.count == parts.count, let low = ranges.map(\.lowerBound).min(),
            let high = ranges.map(\.upperBound).max()
          else { continue }
          set(node.outputs[0], QuantizationParameters(low: Double(low), high: Double(high)))
        } else {
          for output in node.outputs { set(output, known[input]) }
          // A part may have a smaller range than the whole.
          if movement != .cut { set(input, known[node.outputs[0]]) }
        }
      }
    }
  }

  // MARK: Weights

  private mutating func quantizeWeights(of index: Int, threads: Threads) throws {
    let node = graph.nodes[index]
    guard let part = try WeightedNode(node, outputRank: graph.types[node.outputs[0]]?.shape.rank ?? 0),
      let weights = graph.initializers[part.weights], let inputScale = graph.quantization[part.input]?.scale
    else { return }
    let bias = part.bias.flatMap { graph.initializers[$0]?.floats }
    guard (weights.floats ?? []).allSatisfy(\.isFinite), (bias ?? []).allSatisfy(\.isFinite) else {
      throw Diagnostic(
        .nonFiniteActivation, "weights hold NaN or infinity", at: Place(file: graph.file, detail: node.place.detail),
        hint: "quantise or export the model again: such weights have no int8 form")
    }
    let values: Tensor
    let parameters: QuantizationParameters
    if let steps = WeightSteps(weights, axis: part.weightAxis) {
      (values, parameters) = (steps.values, steps.parameters)
      if steps.clipped > 0 { rounded[node.key] = "\(steps.clipped) weights of −128 steps became −127" }
    } else {
      let found = try WeightQuantization(
        weights, axis: part.weightAxis, bias: bias, inputScale: inputScale, searchesError: true, threads: threads)
      (values, parameters) = (found.quantized, found.parameters)
      rounded[node.key] = "its weights are not −127…127 steps of one scale a channel, and were rounded to such"
    }
    let name = graph.addInitializer(part.weights + ".int8", values)
    graph.quantization[name] = parameters
    graph.nodes[index].inputs[1] = name
  }
}

extension QuantizationParameters {
  /// Whether the values of `other` are within the range, but for a step.
  fileprivate func covers(_ other: QuantizationParameters) -> Bool {
    let step = scale
    return range.lowerBound - step <= other.range.lowerBound && range.upperBound + step >= other.range.upperBound
  }
}
