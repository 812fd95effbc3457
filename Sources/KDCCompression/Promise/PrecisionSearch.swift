import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor

/// Gives an int8 model the float layers that keep its outputs within a limit of the float model's, at the least time.
///
/// What int8 costs is measured once for each value and each layer's weights alone (`NoiseSources`), and added up: a minimum cut
/// (`FloatCut`) then gives the fastest division into int8 and float for any target. What the sum gets wrong is measured:
/// each division is quantised and run, and the factors between sum and measurement correct the next one.
package struct PrecisionSearch {
  package struct Outcome: Sendable {
    /// What the result was made with besides: `floatNodes`, ranges that lose less than those which the range method gives, how
    /// weights are rounded.
    package var options: Quantizer.Options
    /// What the options make of all samples; the one that was given where nothing changed.
    package var result: Quantizer.Result
    /// Of all nodes in int8, and of the outcome.
    package var before: [OutputLoss]
    package var after: [OutputLoss]
    /// Estimated seconds in int8 (with what was in float already), of the outcome, and all in float.
    package var integerSeconds: Double
    package var seconds: Double
    package var floatSeconds: Double
  }

  /// A model that was quantised and run.
  private struct Measurement {
    var losses: [OutputLoss]
    var graph: Graph
  }

  /// What is left of the largest loss where a change is worth it.
  private static let leftLoss = 0.95
  /// Divisions that are measured.
  private static let mostTrials = 6
  /// What measurements aim at, as a share of the limit: few samples show less than all that occurs. The worst of some dozens was
  /// half as bad as the worst of as many others.
  package static func aim(samples: Int) -> Double { samples < 128 ? 0.4 : 0.75 }
  /// A loss below this share of the limit on the samples that were fitted needs no measurement on others.
  private static let plenty = 0.5
  /// A loss of so many times what is aimed at is near enough.
  private static let near = 0.85...1.25
  /// What a conversion is taken to cost, in microseconds for each element: an assumption that only orders divisions, as each
  /// one that is tried is costed whole.
  private static let conversionTime = 0.0007

  private let graph: Graph
  private let samples: [[String: Tensor]]
  private var options: Quantizer.Options
  private let limit: Double
  private let fitted: Int
  private let cost: (Graph) throws -> [String: Double]
  private let progress: (String) -> Void
  private var ranges: [Quantizer.RangeKey: QuantizationParameters] = [:]
  private var weights: [Quantizer.WeightKey: WeightQuantization] = [:]

  /// nil where the outputs are within the limit already.
  ///
  /// - Parameters:
  ///   - graph: canonical, with types inferred.
  ///   - result: what `options` make of all samples.
  ///   - limit: the largest `OutputLoss.loss` of any output.
  ///   - cost: seconds of one inference by `Node.key` of a graph, quantised or not.
  ///   - progress: told what was measured, in sentences.
  package static func run(
    _ graph: Graph, samples: [[String: Tensor]], result: Quantizer.Result, options: Quantizer.Options, limit: Double,
    cost: @escaping (Graph) throws -> [String: Double], progress: @escaping (String) -> Void = { _ in }
  ) throws -> Outcome? {
    let seen = OutputLoss.all(result, fitted: 0)
    guard seen.worst > plenty * limit else { return nil }
    var search = PrecisionSearch(graph, samples, options, limit, cost, progress)
    let before = try search.measure([:])
    progress("all in int8: largest loss \(before.losses.worst.shortened) of \(limit.shortened)")
    guard before.losses.worst > limit else { return nil }
    return try search.run(result, before.losses, search.roundWithFeedback(before))
  }

  private init(
    _ graph: Graph, _ samples: [[String: Tensor]], _ options: Quantizer.Options, _ limit: Double,
    _ cost: @escaping (Graph) throws -> [String: Double], _ progress: @escaping (String) -> Void
  ) {
    self.graph = graph
    self.samples = samples
    self.options = options
    self.limit = limit
    self.cost = cost
    self.progress = progress
    fitted = HeldOutSamples(graph, samples).fitted
  }

  /// All in int8 with weights that are rounded for what the layer's outputs lose; as it was where that helps little.
  private mutating func roundWithFeedback(_ nearest: Measurement) throws -> Measurement {
    let old = options
    options.feedbackBits = 8
    let found = try measure([:])
    progress("weights rounded with error feedback: largest loss \(found.losses.worst.shortened)")
    guard found.losses.worst > Self.leftLoss * nearest.losses.worst else { return found }
    options = old
    return nearest
  }

  private mutating func run(
    _ result: Quantizer.Result, _ before: [OutputLoss], _ rounded: Measurement
  ) throws -> Outcome {
    let plan = try QuantizationPlan(graph, floatNodes: Set(options.floatNodes.keys))
    let chosen = samplesToMeasure(result)
    var sources = try NoiseSources(
      graph, plan: plan, quantized: rounded.graph, samples: chosen.map { samples[$0] }, threads: options.threads)
    let (integer, float) = (try cost(result.graph), try cost(graph))
    let alone = division(plan, sources, integer, float).harm(of: [], outputs: graph.outputs.count)
    var factors = zip(rounded.losses, alone).map { $1 > 0 ? $0.loss / $1 : 0 }
    options.ranges = try RangeTrials.run(
      &sources, plan: plan, quantized: rounded.graph, samples: samples, factors: factors, threads: options.threads)
    let cut = division(plan, sources, integer, float)
    correct(&factors, cut, [], try measure([:]).losses)
    progress(
      "\(sources.values.count) activations and \(sources.weights.count) layers' weights measured on \(chosen.count) samples; "
        + "sums are off by \(factors.map(\.shortened).joined(separator: ", ")); \(options.ranges.count) other ranges")
    progress("largest alone: " + sources.largest(of: factors))
    typealias Division = (nodes: Set<Int>, losses: [OutputLoss], seconds: Double)
    /// The fastest of those near what is aimed at, and of those within the limit.
    var (best, fair): (Division?, Division?)
    let wanted = Self.aim(samples: samples.count) * limit
    var target = wanted
    var tried: Set<Set<Int>> = []
    for _ in 0..<Self.mostTrials {
      let nodes = cut.fastest(factors: factors, target: target)
      guard tried.insert(nodes).inserted else {
        guard best == nil else { break }
        target *= 0.7
        continue
      }
      let trial = try measure(reasons(nodes, cut, ""))
      let losses = trial.losses
      let seconds = try cost(trial.graph).values.reduce(0, +)
      progress(
        "\(nodes.count) nodes in float: largest loss \(losses.worst.shortened), "
          + "\((seconds * 1e3).shortened) ms instead of \((integer.values.reduce(0, +) * 1e3).shortened)")
      let (worst, most) = (losses.worst, min(limit, Self.near.upperBound * wanted))
      if worst <= limit, seconds < fair?.seconds ?? .infinity { fair = (nodes, losses, seconds) }
      if worst <= most, seconds < best?.seconds ?? .infinity { best = (nodes, losses, seconds) }
      if worst <= most, worst > Self.near.lowerBound * wanted { break }
      correct(&factors, cut, nodes, losses)
    }
    let all = Set(cut.nodes.indices.filter { !cut.nodes[$0].isFloat })
    let last = try best ?? fair ?? everything(all)
    options.floatNodes.merge(reasons(last.nodes, cut, " of \(limit.shortened) allowed")) { given, _ in given }
    options.weights = weights
    let final = try Quantizer.quantize(graph, samples: samples, options: options)
    return Outcome(
      options: options, result: final, before: before, after: last.losses,
      integerSeconds: integer.values.reduce(0, +), seconds: try cost(final.graph).values.reduce(0, +),
      floatSeconds: float.values.reduce(0, +))
  }

  /// Makes the expected losses of a division those that were measured.
  private func correct(_ factors: inout [Double], _ cut: FloatCut, _ nodes: Set<Int>, _ losses: [OutputLoss]) {
    let sum = cut.harm(of: nodes, outputs: factors.count)
    for index in factors.indices where sum[index] > 0 {
      factors[index] = max(factors[index] / 4, losses[index].loss / sum[index])
    }
  }

  /// Half of them those that int8 takes furthest from float, on which a limit for the worst sample depends; the rest the last.
  private func samplesToMeasure(_ result: Quantizer.Result) -> [Int] {
    let count = min(NoiseSources.sampleLimit(for: graph, bytes: 1 << 29), samples.count)
    let worst = result.samplesByTurn.prefix((count + 1) / 2)
    let others = samples.indices.reversed().filter { !worst.contains($0) }.prefix(count - worst.count)
    return (worst + others).sorted()
  }

  /// All nodes in float: what is left if no division keeps the limit.
  private mutating func everything(
    _ nodes: Set<Int>
  ) throws -> (nodes: Set<Int>, losses: [OutputLoss], seconds: Double) {
    let keys = Dictionary(nodes.map { (graph.nodes[$0].key, "") }, uniquingKeysWith: { first, _ in first })
    let trial = try measure(keys)
    return (nodes, trial.losses, try cost(trial.graph).values.reduce(0, +))
  }

  /// The losses with these nodes in float besides the given ones.
  private mutating func measure(_ nodes: [String: String]) throws -> Measurement {
    var trial = options
    trial.floatNodes.merge(nodes) { given, _ in given }
    trial.ranges.merge(ranges) { given, _ in given }
    trial.weights = weights
    trial.fittedSamples = fitted == samples.count ? nil : fitted
    let result = try Quantizer.quantize(graph, samples: samples, options: trial)
    ranges.merge(result.ranges) { known, _ in known }
    weights.merge(result.weights) { known, _ in known }
    return Measurement(losses: OutputLoss.all(result, fitted: fitted), graph: result.graph)
  }

  private func reasons(_ nodes: Set<Int>, _ cut: FloatCut, _ limit: String) -> [String: String] {
    var reasons: [String: String] = [:]
    for index in nodes {
      let own = cut.values.filter { $0.producer == index }.flatMap(\.harm).max() ?? 0
      let harm = max(own, cut.nodes[index].harm.max() ?? 0)
      reasons[graph.nodes[index].key] =
        harm > 0
        ? "int8 of it alone is a loss of \(harm.shortened)\(limit)" : "between others in float"
    }
    return reasons
  }

  // MARK: Times and noise

  private func division(
    _ plan: QuantizationPlan, _ sources: NoiseSources, _ integer: [String: Double], _ float: [String: Double]
  ) -> FloatCut {
    let nodes = graph.nodes.indices.map { index in
      let key = graph.nodes[index].key
      let isFloat = if case .float = plan.rules[index] { true } else { false }
      return FloatCut.Node(
        integerTime: (integer[key] ?? 0) * 1e6, floatTime: (float[key] ?? 0) * 1e6, harm: sources.weights[index] ?? [],
        isFloat: isFloat)
    }
    var readers: [String: [Int]] = [:]
    for (index, node) in graph.nodes.enumerated() {
      for name in Set(node.inputs) where plan.quantized.contains(name) { readers[name, default: []].append(index) }
    }
    func moves(_ index: Int) -> Bool {
      if case .sameAsInput = plan.rules[index] { true } else { false }
    }
    /// Readers, and those of what they only move.
    func reached(_ name: String) -> [Int] {
      var found: [Int] = []
      var names = [name]
      while let name = names.popLast() {
        for index in readers[name] ?? [] where !found.contains(index) {
          found.append(index)
          if moves(index) { names += graph.nodes[index].outputs }
        }
      }
      return found
    }
    func value(_ name: String, _ producer: Int?) -> FloatCut.Value {
      let own = producer.flatMap { nodes[$0].isFloat ? nil : $0 }.map { [$0] } ?? []
      return FloatCut.Value(
        producer: producer, readers: readers[name] ?? [],
        members: own + reached(name).filter { !nodes[$0].isFloat }, harm: sources.values[name] ?? [],
        conversion: Double(graph.types[name]?.shape.count ?? 0) * Self.conversionTime)
    }
    var values = graph.inputs.map(\.name).filter(plan.quantized.contains).map { value($0, nil) }
    for (index, node) in graph.nodes.enumerated() {
      values += node.outputs.filter(plan.quantized.contains).map { value($0, index) }
    }
    return FloatCut(nodes: nodes, values: values)
  }
}
