import KDCGraph
import KDCTensor
import KDCTraining

/// How far one output of an int8 model is from the float model's, as `--max-loss` counts it.
package struct OutputLoss: Sendable, Codable, Equatable {
  package var output: String
  /// Noise power over signal power, of the worst group of channels (`SignalQuality`); infinite where values are not finite.
  package var noise: Double
  /// Cosine between both models' values of one sample: of the worst sample, of more than 100 the 1st percentile. nil for
  /// outputs of a single number.
  package var lowestCosine: Double?
  /// Mean KL divergence in nats, and share of equal answers, of outputs that are known to be scores.
  package var divergence: Double?
  package var agreement: Double?
  /// The output holds probabilities, whose own values count besides the answers.
  private var isProbability: Bool

  /// - Parameters:
  ///   - values: one array a sample, as `wanted`, the float model's.
  package init(_ head: Head, _ values: [[Float]], wanted: [[Float]]) {
    output = head.name
    isProbability = head.output == .probabilities || head.output == .sigmoid
    guard values.allSatisfy({ $0.allSatisfy(\.isFinite) }) else {
      noise = .infinity
      return
    }
    noise = SignalQuality(head, outputs: values, wanted: wanted)?.noise ?? 0
    lowestCosine = Self.lowestCosine(values, wanted)
    guard head.isKnownDistribution else { return }
    let metrics = HeadMetrics(head, outputs: values, reference: wanted)
    divergence = metrics.kl?.first
    agreement = metrics.agreement
  }

  /// What is compared with the limit, where 0.01 is 20 dB, a cosine of 0.995, 0.01 nats or 99 % of the answers: of scores the
  /// better of divergence and answers, of other values noise; and what the worst sample's cosine lacks.
  package var loss: Double {
    let answers = [divergence, agreement.map { 1 - $0 }].compactMap { $0 }.min()
    guard let answers else { return max(noise, turn) }
    return isProbability ? max(answers, turn) : answers
  }

  /// The same with what adds up from layer to layer alone: no counts of answers.
  var harm: Double {
    guard let divergence else { return max(noise, turn) }
    return isProbability ? max(divergence, turn) : divergence
  }

  /// 2 · (1 − cosine) is noise power over signal power, where noise and signal are independent.
  private var turn: Double { lowestCosine.map { 2 * (1 - $0) } ?? 0 }

  private static func lowestCosine(_ values: [[Float]], _ wanted: [[Float]]) -> Double? {
    guard wanted.first?.count ?? 0 > 1 else { return nil }
    let cosines = zip(values, wanted).compactMap { cosine($0, $1) }.sorted()
    return cosines.isEmpty ? nil : cosines[(cosines.count - 1) / 100]
  }

  /// nil where all should be zeros, which have no direction.
  static func cosine(_ own: [Float], _ wanted: [Float]) -> Double? {
    var (product, a, b) = (0.0, 0.0, 0.0)
    for (x, y) in zip(own, wanted) {
      product += Double(x) * Double(y)
      a += Double(x) * Double(x)
      b += Double(y) * Double(y)
    }
    return b > 0 ? (a > 0 ? product / (a * b).squareRoot() : 0) : nil
  }
}

extension OutputLoss {
  /// Of every output, the larger of the loss on all samples and on those after the first `fitted`.
  static func all(_ result: Quantizer.Result, fitted: Int) -> [OutputLoss] {
    result.graph.outputs.map { name in
      let head = result.graph.head(name)
      let values = (result.quantizedOutputs[name] ?? []).map(\.asFloats)
      let wanted = (result.floatOutputs[name] ?? []).map(\.asFloats)
      let whole = OutputLoss(head, values, wanted: wanted)
      guard fitted > 0, fitted < values.count, wanted.count == values.count else { return whole }
      let held = OutputLoss(head, Array(values[fitted...]), wanted: Array(wanted[fitted...]))
      return held.loss > whole.loss ? held : whole
    }
  }
}

extension Quantizer.Result {
  /// Samples by how far their worst output turns from the float model's, the furthest first.
  var samplesByTurn: [Int] {
    let count = quantizedOutputs.values.map(\.count).min() ?? 0
    let lowest = (0..<count).map { sample in
      graph.outputs.compactMap { name -> Double? in
        guard let own = quantizedOutputs[name]?[sample], let all = floatOutputs[name], all.indices.contains(sample),
          own.count > 1
        else { return nil }
        return OutputLoss.cosine(own.asFloats, all[sample].asFloats)
      }.min() ?? 1
    }
    return lowest.indices.sorted { (lowest[$0], $0) < (lowest[$1], $1) }
  }
}

extension [OutputLoss] {
  /// The largest loss.
  package var worst: Double { map(\.loss).max() ?? 0 }
}
