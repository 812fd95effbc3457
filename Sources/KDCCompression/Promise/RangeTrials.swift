import KDCGraph
import KDCOps
import KDCTensor

/// Other ranges for the activations that cost the outputs most: what is nearest to the float values is not always what the
/// model minds least.
struct RangeTrials {
  /// Values that are tried, those with the most loss first.
  private static let mostValues = 24
  /// Values with less than this share of all loss are not worth a trial.
  private static let leastShare = 0.01
  /// What is left of the loss where another range is taken.
  private static let leftLoss = 0.8

  /// Lowers `sources.values`, and returns the ranges that do.
  ///
  /// - Parameters:
  ///   - quantized: `sources.graph` with ranges.
  ///   - samples: all that ranges are chosen from.
  static func run(
    _ sources: inout NoiseSources, plan: QuantizationPlan, quantized: Graph, samples: [[String: Tensor]],
    factors: [Double], threads: Threads
  ) throws -> [Quantizer.RangeKey: QuantizationParameters] {
    let graph = sources.graph
    func weight(_ harm: [Double]) -> Double { zip(harm, factors).map { $0 * $1 }.max() ?? 0 }
    let producers = graph.uses().producers
    let total = sources.values.values.reduce(0) { $0 + weight($1) }
    let names = sources.values.keys.filter { name in
      guard !graph.outputs.contains(name), plan.deferred[name] == nil, !plan.tail.joined.contains(name) else {
        return false
      }
      guard let producer = producers[name] else { return false }
      if case .integer = plan.rules[producer] { return weight(sources.values[name] ?? []) > leastShare * total }
      return false
    }.sorted { (weight(sources.values[$1] ?? []), $0) < (weight(sources.values[$0] ?? []), $1) }.prefix(mostValues)
    guard !names.isEmpty else { return [:] }
    let extremes = try extremes(of: Set(names), graph, samples, threads)
    let trials = names.flatMap { name -> [(name: String, range: QuantizationParameters, producer: Int)] in
      guard let old = quantized.quantization[name], old.bits == 8, let ends = extremes[name],
        let producer = producers[name]
      else { return [] }
      return candidates(old, ends).map { (name, $0, producer) }
    }
    let fixed = sources
    let found = try parallelMap(trials.count, threads: threads) { index in
      try fixed.losses(.value(trials[index].name, trials[index].range, producer: trials[index].producer))
    }
    var ranges: [Quantizer.RangeKey: QuantizationParameters] = [:]
    for (trial, harm) in zip(trials, found) {
      let key = Quantizer.RangeKey(value: trial.name, bits: 8)
      let allowed = weight(sources.values[trial.name] ?? []) * (ranges[key] == nil ? leftLoss : 1)
      guard weight(harm) < allowed else { continue }
      ranges[key] = trial.range
      sources.values[trial.name] = harm
    }
    return ranges
  }

  /// The whole range, what lies between it and the old one, and narrower ones.
  private static func candidates(
    _ old: QuantizationParameters, _ ends: ClosedRange<Float>
  ) -> [QuantizationParameters] {
    let (low, high) = (Double(old.range.lowerBound), Double(old.range.upperBound))
    let (least, most) = (min(Double(ends.lowerBound), 0), max(Double(ends.upperBound), 0))
    let pairs = [
      (least, most), ((least + low) / 2, (most + high) / 2), (low * 0.85, high * 0.85), (low * 0.7, high * 0.7),
    ]
    return pairs.map { QuantizationParameters(low: $0.0, high: $0.1) }
      .filter { abs($0.scale - old.scale) > 0.02 * old.scale }
  }

  private static func extremes(
    of names: Set<String>, _ graph: Graph, _ samples: [[String: Tensor]], _ threads: Threads
  ) throws -> [String: ClosedRange<Float>] {
    let evaluator = try GraphEvaluator(graph)
    let seen = try parallelMap(samples.count, threads: threads) { sample in
      var found: [String: ClosedRange<Float>] = [:]
      _ = try evaluator.run(inputs: samples[sample]) { name, tensor in
        guard names.contains(name) else { return }
        let (low, high) = try Histogram.extremes(of: [tensor], threads: .single)
        if low <= high { found[name] = low...high }
      }
      return found
    }
    return seen.reduce(into: [:]) { all, sample in
      all.merge(sample) { min($0.lowerBound, $1.lowerBound)...max($0.upperBound, $1.upperBound) }
    }
  }
}
