import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor

/// Turns a float graph into an int8 one by running calibration samples through it once, layer by layer.
///
/// At each node all samples exist twice: as the float model computes them, and as the int8 model built so far does.
/// The float values give the output's range; the difference of the means of both, per channel, corrects the bias
/// (Nagel et al., "Data-Free Quantization Through Weight Equalization and Bias Correction", 2019, empirical form, in
/// sequence). Formulas: `Quantization.md`.
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
    /// Nodes with weights that stay float: the reason by `Node.key`.
    package var floatNodes: [String: String] = [:]
    /// Weights of up to so many bits are rounded with error feedback (`ErrorFeedback`), others to nearest.
    package var feedbackBits = 4
    /// How far the range of a graph output goes beyond what calibration saw, as a share of it: logits are not clipped.
    package var outputMargin = 0.05
    /// The first so many samples decide; the rest only pass through, for measurements on what was not seen. nil: all.
    package var fittedSamples: Int?
    /// Ranges that an earlier run on the same graph, samples and method found: they need not be found again.
    package var ranges: [RangeKey: QuantizationParameters] = [:]
    package var threads: Threads = 1
    package init() {}
  }

  /// The annotated graph, and both models' outputs on the calibration samples.
  package struct Result: Sendable {
    /// `quantization` is filled; weights are int8 initializers; biases are corrected.
    package var graph: Graph
    package var floatOutputs: [String: [Tensor]]
    package var quantizedOutputs: [String: [Tensor]]
    /// `Options.ranges` and those that were found.
    package var ranges: [RangeKey: QuantizationParameters]
  }

  /// A value with so many bits.
  package struct RangeKey: Hashable, Sendable {
    let value: String
    let bits: Int
  }

  private var options: Options
  private let plan: QuantizationPlan
  private var graph: Graph
  private var float: [String: [Tensor]] = [:]
  private var fake: [String: [Tensor]] = [:]

  /// How many samples can be held within `bytes` for this graph, at least 1.
  package static func sampleLimit(for graph: Graph, bytes: Int) throws -> Int {
    // Float and fake-quantised values, and the pre-activations of the layer at work.
    max(1, bytes / (try QuantizationPlan(graph).peakBytes * 3))
  }

  /// - Parameters:
  ///   - graph: canonical (FusedConv, FusedGemm), with types inferred.
  ///   - samples: tensors for every graph input; at least one sample.
  /// Throws a `Diagnostic` where an operator faults, `nonFiniteActivation` where a value is NaN or infinite.
  package static func quantize(_ graph: Graph, samples: [[String: Tensor]], options: Options) throws -> Result {
    var quantizer = try Quantizer(graph, options: options)
    return try quantizer.run(samples)
  }

  private init(_ graph: Graph, options: Options) throws {
    self.graph = graph
    self.options = options
    plan = try QuantizationPlan(graph, floatNodes: Set(options.floatNodes.keys))
    for index in plan.staysFloat { self.graph.nodes[index].staysFloat = true }
  }

  private mutating func run(_ samples: [[String: Tensor]]) throws -> Result {
    for input in graph.inputs where graph.initializers[input.name] == nil {
      let values = samples.compactMap { $0[input.name] }
      guard values.count == samples.count else { throw InternalError("samples without '\(input.name)'") }
      float[input.name] = values
      try settle(input.name, fake: values, method: .minMax, place: "input '\(input.name)'")
    }
    for index in graph.nodes.indices {
      let node = graph.nodes[index]
      if case .integer = plan.rules[index],
        let weighted = try WeightedNode(node, outputRank: graph.types[node.outputs[0]]?.shape.rank ?? 0)
      {
        try run(weighted, of: index)
      } else if node.opType == "Concat", case .sameAsInput = plan.rules[index],
        node.outputs.contains(where: plan.quantized.contains)
      {
        try runConcat(index)
      } else {
        try runPlain(index)
      }
      for name in plan.lastUses[index] {
        float[name] = nil
        fake[name] = nil
      }
    }
    dropUnusedInitializers()
    let outputs = Set(graph.outputs)
    return Result(
      graph: graph, floatOutputs: float.filter { outputs.contains($0.key) },
      quantizedOutputs: fake.filter { outputs.contains($0.key) }, ranges: options.ranges)
  }

  // MARK: Nodes

  /// An operator without weights: evaluated on both kinds of values.
  private mutating func runPlain(_ index: Int) throws {
    let node = graph.nodes[index]
    let op = plan.operators[index]
    let exact = try evaluate(op, node, float)
    // Nothing was quantised before: shapes and the like.
    let isSame = !node.inputs.contains { plan.quantized.contains($0) || graph.quantization[$0] != nil }
    let rounded = isSame ? exact : try evaluate(op, node, fake)
    for (slot, name) in node.outputs.enumerated() where !name.isEmpty {
      float[name] = exact.map { $0[slot] }
      let values = rounded.map { $0[slot] }
      if case .sameAsInput = plan.rules[index], let shared = graph.quantization[node.inputs[0]],
        plan.quantized.contains(name)
      {
        // The values moved are on the grid already; a Pad's constant may not be.
        graph.quantization[name] = shared
        fake[name] = values.map(shared.fakeQuantized)
      } else {
        try settle(name, fake: values, method: options.rangeMethod, place: node.place.detail ?? name)
      }
    }
  }

  /// Inputs that wait for this Concat, and its output, get one range.
  private mutating func runConcat(_ index: Int) throws {
    let node = graph.nodes[index]
    let output = node.outputs[0]
    let exact = try evaluate(plan.operators[index], node, float).map { $0[0] }
    float[output] = exact
    let own = try range(of: exact, name: output, method: options.rangeMethod, place: output)
    // An input that already has a range wide enough for all saves its requantisation.
    let fixed = node.inputs.filter { plan.deferred[$0] != index }.compactMap { graph.quantization[$0] }
      .filter { $0.bits == own.bits }
    let parameters =
      fixed.filter { $0.range.lowerBound <= own.range.lowerBound && $0.range.upperBound >= own.range.upperBound }
      .min { $0.scale < $1.scale } ?? own
    for name in node.inputs {
      if plan.deferred[name] == index {
        graph.quantization[name] = parameters
        fake[name] = try rounded(fake[name] ?? [], to: parameters)
      } else if graph.initializers[name]?.dataType == .float32 {
        graph.quantization[name] = parameters
      }
    }
    graph.quantization[output] = parameters
    fake[output] = try rounded(evaluate(plan.operators[index], node, fake).map { $0[0] }, to: parameters)
  }

  /// FusedConv, FusedGemm, ConvTranspose: weights and bias are replaced.
  private mutating func run(_ part: WeightedNode, of index: Int) throws {
    let node = graph.nodes[index]
    let place = node.place.detail ?? node.name
    let output = node.outputs[0]
    guard let weights = graph.initializers[part.weights], let inputs = float[part.input],
      let roundedInputs = fake[part.input], let inputScale = graph.quantization[part.input]?.scale,
      let shape = graph.types[output]?.shape
    else { throw InternalError("'\(place)' is not ready to be quantised") }
    let bias = part.bias.flatMap { graph.initializers[$0] }
    guard (weights.floats ?? []).allSatisfy(\.isFinite), (bias?.floats ?? []).allSatisfy(\.isFinite) else {
      throw Diagnostic(
        .nonFiniteActivation, "weights hold NaN or infinity", at: Place(file: graph.file, detail: place),
        hint: "train or export the model again: such weights have no int8 form")
    }
    let (residuals, roundedResiduals) = (part.residual.flatMap { float[$0] }, part.residual.flatMap { fake[$0] })
    let exacts = try parallelMap(inputs.count, threads: options.threads) { sample in
      try part.preActivation(input: inputs[sample], weights: weights, bias: bias, residual: residuals?[sample])
    }
    let fitted = min(options.fittedSamples ?? inputs.count, inputs.count)
    var found: WeightQuantization?
    let bits = part.linear is ConvTranspose ? 8 : options.weightBits[node.key] ?? options.defaultWeightBits
    if bits <= options.feedbackBits {
      let lacks = try parallelMap(fitted, threads: options.threads) { sample in
        let present = try part.preActivation(
          input: roundedInputs[sample], weights: weights, bias: bias, residual: roundedResiduals?[sample])
        return Tensor(present.shape, zip(exacts[sample].floats ?? [], present.floats ?? []).map { $0 - $1 })
      }
      let moments = try LayerMoments(
        part, weights: weights.shape, inputs: Array(roundedInputs.prefix(fitted)), lacks: lacks,
        threads: options.threads)
      found = try moments.flatMap {
        try WeightQuantization(
          weights, bits: bits, moments: $0, bias: bias?.floats, inputScale: inputScale, threads: options.threads)
      }
    }
    let small =
      try found
      ?? WeightQuantization(
        weights, axis: part.weightAxis, bits: bits, bias: bias?.floats, inputScale: inputScale,
        searchesError: options.searchesWeightScales, threads: options.threads)
    let results = try parallelMap(inputs.count, threads: options.threads) { sample in
      let exact = exacts[sample]
      let rounded = try part.preActivation(
        input: roundedInputs[sample], weights: small.dequantized, bias: bias, residual: roundedResiduals?[sample])
      let differences = zip(part.channelSums(exact), part.channelSums(rounded)).map { $0 - $1 }
      return (exact: part.activated(exact, offsets: nil), rounded: rounded, differences: differences)
    }
    let exact = results.map(\.exact)
    let channels = shape[part.channelAxis]
    let elements = Double(shape.count / max(channels, 1) * fitted)
    let corrections = (0..<channels).map { channel in
      Float(results.prefix(fitted).reduce(0) { $0 + $1.differences[channel] } / max(elements, 1))
    }
    float[output] = exact
    let rounded = try parallelMap(results.count, threads: options.threads) { sample in
      part.activated(results[sample].rounded, offsets: corrections)
    }
    let old = bias?.floats ?? [Float](repeating: 0, count: channels)
    replaceConstants(
      of: index, part, weights: small, bias: Tensor([channels], zip(old, corrections).map { $0 + $1 }))
    if plan.deferred[output] != nil {
      fake[output] = rounded
    } else {
      try settle(output, fake: rounded, method: options.rangeMethod, place: place)
    }
  }

  // MARK: Values

  /// Chooses the parameters of `name` from its float values, if it is to be int8, and rounds the `fake` ones to them.
  private mutating func settle(_ name: String, fake values: [Tensor], method: RangeMethod, place: String) throws {
    fake[name] = values
    guard plan.quantized.contains(name), plan.deferred[name] == nil, let exact = float[name] else { return }
    let parameters = try range(of: exact, name: name, method: method, place: place)
    graph.quantization[name] = parameters
    fake[name] = try rounded(values, to: parameters)
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
    if graph.outputs.contains(name) {
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

  private func rounded(_ values: [Tensor], to parameters: QuantizationParameters) throws -> [Tensor] {
    try parallelMap(values.count, threads: options.threads) { parameters.fakeQuantized(values[$0]) }
  }

  private func evaluate(_ op: any Operator, _ node: Node, _ values: [String: [Tensor]]) throws -> [[Tensor]] {
    let operands: [[Tensor]?] = node.inputs.map { name in
      name.isEmpty ? nil : values[name] ?? graph.initializers[name].map { [$0] }
    }
    for (name, operand) in zip(node.inputs, operands) where !name.isEmpty && operand == nil {
      throw InternalError("'\(name)' has no value before '\(node.name)'")
    }
    let initializers = graph.initializers
    // A node of constants alone is the same for every sample.
    let count = node.inputs.compactMap { values[$0]?.count }.first ?? float.values.first?.count ?? 1
    return try parallelMap(count, threads: options.threads) { sample in
      try op.evaluate(
        zip(node.inputs, operands).map { name, operand in
          operand.map { initializers[name] ?? $0[sample] }
        })
    }
  }

  // MARK: Constants

  private mutating func replaceConstants(of index: Int, _ part: WeightedNode, weights: WeightQuantization, bias: Tensor)
  {
    let weightName = unusedName(part.weights + ".int8")
    graph.initializers[weightName] = weights.quantized
    graph.types[weightName] = weights.quantized.type
    graph.quantization[weightName] = weights.parameters
    let biasName = unusedName((part.bias ?? part.weights + ".bias") + ".corrected")
    graph.initializers[biasName] = bias
    graph.types[biasName] = bias.type
    var inputs = graph.nodes[index].inputs
    if inputs.count < 3 { inputs.append("") }
    inputs[1] = weightName
    inputs[2] = biasName
    graph.nodes[index].inputs = inputs
  }

  private func unusedName(_ wanted: String) -> String {
    guard graph.initializers[wanted] != nil || graph.types[wanted] != nil else { return wanted }
    var number = 2
    while graph.initializers["\(wanted).\(number)"] != nil || graph.types["\(wanted).\(number)"] != nil { number += 1 }
    return "\(wanted).\(number)"
  }

  private mutating func dropUnusedInitializers() {
    let used = Set(graph.nodes.flatMap(\.inputs) + graph.outputs)
    for name in graph.initializers.keys where !used.contains(name) {
      graph.initializers[name] = nil
      graph.types[name] = nil
    }
  }
}
