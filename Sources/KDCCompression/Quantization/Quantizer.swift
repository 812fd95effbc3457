import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor

/// Turns a float graph into an int8 one by running calibration samples through it once, layer by layer.
///
/// At each node all samples exist twice: as the float model computes them, and as the program of the int8 model built so
/// far does, in its own steps (`NodeProgram`). The float values give the output's range; the difference of the means of
/// both, per channel, corrects the bias (Nagel et al., "Data-Free Quantization Through Weight Equalization and Bias
/// Correction", 2019, empirical form, in sequence). Formulas: `Quantization.md`.
package struct Quantizer {
  package struct Options: Sendable {
    package var rangeMethod: RangeMethod = .meanSquaredError
    /// Scales of weights by least squared error rather than by the largest weight.
    package var searchesWeightScales = true
    /// Activations that get 7 bits, by name.
    package var narrowValues: Set<String> = []
    /// Bits of weights, 4, 7 or 8, by `Node.key`; nodes that are not named have `defaultWeightBits`. ConvTranspose has 8.
    package var weightBits: [String: Int] = [:]
    package var defaultWeightBits = 8
    /// Nodes that stay float: the reason by `Node.key`.
    package var floatNodes: [String: String] = [:]
    /// Weights of up to so many bits are rounded with error feedback (`ErrorFeedback`), others to nearest. Above 4 bits,
    /// deep layers are rounded to nearest all the same.
    package var feedbackBits = 4
    /// How far the range of a graph output goes beyond what calibration saw, as a share of it: logits are not clipped.
    package var outputMargin = 0.05
    /// The first so many samples decide; the rest only pass through, for measurements on what was not seen. nil: all.
    package var fittedSamples: Int?
    /// Ranges that an earlier run on the same graph, samples and method found: they need not be found again.
    package var ranges: [RangeKey: QuantizationParameters] = [:]
    /// Weights that an earlier run with `feedbackBits` above 4 rounded.
    var weights: [WeightKey: WeightQuantization] = [:]
    /// On how many samples all of the program's activations are kept (`Result.activations`), for `SimulationCheck`.
    package var keptActivations = 0
    package var threads: Threads = 1
    package init() {}
  }

  /// The annotated graph, and both models' outputs on the calibration samples.
  package struct Result: Sendable {
    /// `quantization` is filled; weights are int8 initializers; biases are corrected.
    package var graph: Graph
    package var floatOutputs: [String: [Tensor]]
    /// What the program of `graph` gives, bit for bit.
    package var quantizedOutputs: [String: [Tensor]]
    /// The values of nodes as the program has them, dequantised; empty unless asked for.
    package var activations: [String: [Tensor]]
    /// `Options.ranges` and those that were found.
    package var ranges: [RangeKey: QuantizationParameters]
    /// `Options.weights` and those that were rounded.
    var weights: [WeightKey: WeightQuantization]
  }

  /// A layer's weights with so many bits, which multiply an input of this scale.
  struct WeightKey: Hashable, Sendable {
    let node: String
    let bits: Int
    let inputScale: Float
  }

  /// A value with so many bits.
  package struct RangeKey: Hashable, Sendable {
    let value: String
    let bits: Int
  }

  var options: Options
  let plan: QuantizationPlan
  var graph: Graph
  var float: [String: [Tensor]] = [:]
  var values: ProgramValues
  /// Nodes that have no steps, and the values that are missing for that reason.
  private var faults: [Diagnostic] = []
  private var missing: Set<String> = []
  private var activations: [String: [Tensor]] = [:]

  /// How many samples can be held within `bytes` for this graph, at least 1.
  package static func sampleLimit(for graph: Graph, bytes: Int) throws -> Int {
    // The float model's values, and the program's as int8 and in float, in two layouts at most.
    max(1, bytes / (try QuantizationPlan(graph).peakBytes * 3))
  }

  /// - Parameters:
  ///   - graph: canonical (FusedConv, FusedGemm), with types inferred.
  ///   - samples: tensors for every graph input; at least one sample.
  /// Throws a `Diagnostic` where an operator faults, `nonFiniteActivation` where a value is NaN or infinite, and a
  /// `DiagnosticList` with every node that has no steps.
  package static func quantize(_ graph: Graph, samples: [[String: Tensor]], options: Options) throws -> Result {
    var quantizer = try Quantizer(graph, sampleCount: samples.count, options: options)
    return try quantizer.run(samples)
  }

  private init(_ graph: Graph, sampleCount: Int, options: Options) throws {
    self.graph = graph
    self.options = options
    plan = try QuantizationPlan(graph, floatNodes: Set(options.floatNodes.keys))
    for index in plan.staysFloat { self.graph.nodes[index].staysFloat = true }
    // A layer in float has float weights; of other nodes nothing else tells.
    for (index, node) in graph.nodes.enumerated()
    where options.floatNodes[node.key] != nil && WeightedNode.weights(of: node) == nil {
      self.graph.nodes[index].staysFloat = true
    }
    var typed = graph
    values = ProgramValues(
      constants: try typed.inferTypes(), sampleCount: sampleCount, threads: options.threads)
  }

  private mutating func run(_ samples: [[String: Tensor]]) throws -> Result {
    for input in graph.inputs where graph.initializers[input.name] == nil {
      let tensors = samples.compactMap { $0[input.name] }
      guard tensors.count == samples.count else { throw InternalError("samples without '\(input.name)'") }
      float[input.name] = tensors
      values.set(input.name, tensors)
      try settle(input.name, method: .minMax, place: "input '\(input.name)'")
    }
    for index in graph.nodes.indices {
      try settleOutputs(of: index)
      if !graph.nodes[index].outputs.contains(where: { plan.deferred[$0] != nil }) {
        for producer in plan.waiting[index] ?? [] { try runProgram(of: producer) }
        try runProgram(of: index)
      }
      for name in plan.lastUses[index] {
        float[name] = nil
        values.remove(name)
      }
    }
    guard faults.isEmpty else { throw DiagnosticList(faults) }
    dropUnusedInitializers()
    var quantizedOutputs: [String: [Tensor]] = [:]
    for name in graph.outputs {
      quantizedOutputs[name] = try values.tensors(name, of: graph)
      if let constant = graph.initializers[name] { float[name] = samples.map { _ in constant } }
    }
    let outputs = Set(graph.outputs)
    return Result(
      graph: graph, floatOutputs: float.filter { outputs.contains($0.key) }, quantizedOutputs: quantizedOutputs,
      activations: activations, ranges: options.ranges, weights: options.weights)
  }

  // MARK: Nodes

  /// Evaluates the node in float, and chooses the numbers of what it computes: weights, bias, and ranges.
  private mutating func settleOutputs(of index: Int) throws {
    let node = graph.nodes[index]
    let exact = try evaluate(plan.operators[index], node)
    for (slot, name) in node.outputs.enumerated() where !name.isEmpty { float[name] = exact.map { $0[slot] } }
    if case .integer = plan.rules[index],
      let part = try WeightedNode(node, outputRank: graph.types[node.outputs[0]]?.shape.rank ?? 0),
      !node.inputs.contains(where: missing.contains)
    {
      try quantizeWeights(of: index, part)
    }
    if case .sameAsInput(.join) = plan.rules[index],
      node.outputs.contains(where: plan.quantized.contains)
    {
      return try settleConcat(index)
    }
    for name in node.outputs where !name.isEmpty {
      if case .sameAsInput = plan.rules[index], let shared = graph.quantization[node.inputs[0]],
        plan.quantized.contains(name)
      {
        graph.quantization[name] = shared
      } else {
        let method = plan.tail.parts.contains(name) ? .minMax : options.rangeMethod
        try settle(name, method: method, place: node.place.detail ?? name)
      }
    }
  }

  /// Inputs that wait for this Concat, and its output, get one range.
  private mutating func settleConcat(_ index: Int) throws {
    let node = graph.nodes[index]
    let output = node.outputs[0]
    let own = try range(of: float[output] ?? [], name: output, method: options.rangeMethod, place: output)
    // An input that already has a range wide enough for all saves its requantisation.
    let fixed = node.inputs.filter { plan.deferred[$0] != index }.compactMap { graph.quantization[$0] }
      .filter { $0.bits == own.bits }
    let parameters =
      fixed.filter { $0.range.lowerBound <= own.range.lowerBound && $0.range.upperBound >= own.range.upperBound }
      .min { $0.scale < $1.scale } ?? own
    for name in node.inputs {
      if plan.deferred[name] == index || graph.initializers[name]?.dataType == .float32 {
        graph.quantization[name] = parameters
      }
    }
    graph.quantization[output] = parameters
  }

  /// Runs the node's steps, whose numbers are all chosen.
  private mutating func runProgram(of index: Int) throws {
    let node = graph.nodes[index]
    guard !node.inputs.contains(where: missing.contains) else { return missing.formUnion(node.outputs) }
    do {
      try values.run(node, of: graph)
    } catch let fault as Diagnostic {
      faults.append(fault.located(at: Place(file: graph.file, detail: node.place.detail)))
      missing.formUnion(node.outputs)
    }
    guard options.keptActivations > 0 else { return }
    for name in node.outputs where values.isComputed(name) {
      activations[name] = try values.tensors(name, first: options.keptActivations, of: graph)
    }
  }

  // MARK: Ranges

  /// Chooses the parameters of `name` from its float values, if it is to be int8.
  private mutating func settle(_ name: String, method: RangeMethod, place: String) throws {
    guard plan.quantized.contains(name), plan.deferred[name] == nil, let exact = float[name] else { return }
    graph.quantization[name] = try range(of: exact, name: name, method: method, place: place)
  }

  private mutating func range(
    of all: [Tensor], name: String, method: RangeMethod, place: String
  ) throws -> QuantizationParameters {
    let key = RangeKey(value: name, bits: options.narrowValues.contains(name) ? 7 : 8)
    if let known = options.ranges[key] { return known }
    let samples = Array(all.prefix(options.fittedSamples ?? all.count))
    let (low, high) = try Histogram.extremes(of: samples, threads: options.threads)
    guard low.isFinite, high.isFinite, samples.allSatisfy({ $0.floats != nil }) else {
      throw Diagnostic(
        .nonFiniteActivation, "the model computes NaN or infinity on the calibration samples",
        at: Place(file: graph.file, detail: place),
        hint: "check the samples' scale (0...1 or 0...255?) and run the model on them in float")
    }
    let range: (low: Double, high: Double)
    if graph.outputs.contains(name) || plan.tail.joined.contains(name) {
      let margin = options.outputMargin * Double(max(high, 0) - min(low, 0))
      range = (low < 0 ? Double(low) - margin : 0, high > 0 ? Double(high) + margin : 0)
    } else {
      range = try method.range(
        of: Histogram(of: samples, low: low, high: high, threads: options.threads), bits: key.bits)
    }
    let found = QuantizationParameters(low: range.low, high: range.high, bits: key.bits)
    options.ranges[key] = found
    return found
  }

  /// The float model's outputs of a node, by sample.
  private func evaluate(_ op: any Operator, _ node: Node) throws -> [[Tensor]] {
    let operands: [[Tensor]?] = node.inputs.map { name in
      name.isEmpty ? nil : float[name] ?? graph.initializers[name].map { [$0] }
    }
    for (name, operand) in zip(node.inputs, operands) where !name.isEmpty && operand == nil {
      throw InternalError("'\(name)' has no value before '\(node.name)'")
    }
    let initializers = graph.initializers
    // A node of constants alone is the same for every sample.
    let count = node.inputs.compactMap { float[$0]?.count }.first ?? float.values.first?.count ?? 1
    return try parallelMap(count, threads: options.threads) { sample in
      try op.evaluate(
        zip(node.inputs, operands).map { name, operand in
          operand.map { initializers[name] ?? $0[sample] }
        })
    }
  }
}
