import Glibc
import KDCGraph
import KDCTensor

/// How well one output does, against labels and against a reference model.
package struct HeadMetrics: Sendable, Codable, Equatable {
  package var output: String
  /// What the output means; nil where only its shape says how it is judged.
  package var kind: OutputKind?
  /// "accuracy" (share of right classes or answers), "IoU" (mean) or "MAE" (mean absolute error).
  package var metric: String
  /// The metric against the labels; nil where there are none.
  package var score: Double?
  /// The reference's, where that is asked for.
  package var teacherScore: Double?
  /// Share of samples with the reference's class, or of answers that are the reference's; for boxes the mean IoU with the
  /// reference's.
  package var agreement: Double?
  /// Mean KL(reference ‖ this) of softmax(logits / T) in nats at T = 1, 2, 4; a Bernoulli's for yes and no.
  package var kl: [Double]?
  /// Reference signal to difference, in decibels, as `SignalQuality` has it; nil where they are equal.
  package var signalToNoise: Double?
  /// Of the output's and the reference's values, all samples as one vector.
  package var cosine: Double?
  /// The same by groups of channels of like size; nil where all channels are of like size.
  package var groups: [SignalQuality.Group]?
  /// Mean over samples and classes of (p − round p)², p the probabilities at T = 1: 0 for certain answers, 0.25 for a coin.
  package var uncertainty: Double?
  /// Samples for which the output or the reference is NaN or infinite; nil where there are none. The figures are of the others.
  package var notFinite: Int?

  /// - Parameters:
  ///   - outputs: the output's values, one array per sample.
  ///   - reference: the same of the teacher (or of the float student).
  package init(_ head: Head, outputs: [[Float]], reference: [[Float]]?) {
    output = head.name
    kind = head.output
    metric = head.metricName
    score = head.labels.flatMap { head.score(outputs, labels: $0) }.flatMap { $0.isFinite ? $0 : nil }
    let reference = reference.flatMap { $0.count == outputs.count ? $0 : nil }
    let isFinite = outputs.indices.map { index in
      outputs[index].allSatisfy(\.isFinite) && reference?[index].allSatisfy(\.isFinite) ?? true
    }
    let bad = isFinite.count { !$0 }
    notFinite = bad > 0 ? bad : nil
    func finite(_ rows: [[Float]]) -> [[Float]] { bad > 0 ? zip(rows, isFinite).filter(\.1).map(\.0) : rows }
    let own = finite(outputs)
    let logits = head.hasDistribution ? head.logits(own) : []
    if !logits.isEmpty { uncertainty = logits.reduce(0) { $0 + Self.uncertainty($1, head) } / Double(logits.count) }
    guard let reference, !outputs.isEmpty else { return }
    let wanted = finite(reference)
    // A sample without an answer agrees with nothing.
    agreement = Self.agreement(head, own, wanted).map { $0 * Double(own.count) / Double(outputs.count) }
    if head.hasDistribution, bad == 0 {
      let wanted = head.logits(wanted)
      kl = [1, 2, 4].map { head.divergence(logits, from: wanted, temperature: $0) }
    }
    guard let quality = SignalQuality(head, outputs: own, wanted: wanted) else { return }
    signalToNoise = quality.whole.signalToNoise
    cosine = quality.whole.cosine
    groups = quality.groups.isEmpty ? nil : quality.groups
  }

  /// The group of channels with the lowest signal-to-noise ratio; nil where there are no groups.
  package var lowestGroup: SignalQuality.Group? {
    groups?.min { ($0.signalToNoise ?? .infinity) < ($1.signalToNoise ?? .infinity) }
  }

  /// Of the whole and the groups the least; nil where nothing differs.
  package var lowestSignalToNoise: Double? {
    [signalToNoise, lowestGroup?.signalToNoise].compactMap { $0 }.min()
  }

  /// Of the whole and the groups the least.
  package var lowestCosine: Double? { ([cosine] + (groups ?? []).map(\.cosine)).compactMap { $0 }.min() }

  private static func agreement(_ head: Head, _ outputs: [[Float]], _ reference: [[Float]]) -> Double? {
    let pairs = zip(outputs, reference)
    let count = Double(max(outputs.count, 1))
    switch head.kind {
    case .classes: return Double(pairs.count { argmax($0) == argmax($1) }) / count
    case .sign, .independent:
      return pairs.reduce(0) { sum, pair in
        let same = zip(pair.0, pair.1).count { head.form.isYes($0) == head.form.isYes($1) }
        return sum + Double(same) / Double(max(pair.1.count, 1))
      } / count
    case .box: return pairs.reduce(0) { $0 + boxIoU($1.0, $1.1) } / count
    case .values: return nil
    }
  }

  private static func uncertainty(_ logits: [Float], _ head: Head) -> Double {
    let logs = head.isExclusive ? logSoftmax(logits, 1) : logits.flatMap { logSoftmax([$0, 0], 1) }
    return logs.reduce(0) { sum, log in
      let p = exponential(log)
      return sum + (p - p.rounded()) * (p - p.rounded())
    } / Double(max(logs.count, 1))
  }
}

/// Index of the largest value; the first of equals.
package func argmax(_ values: [Float]) -> Int {
  var best = 0
  for index in values.indices where values[index] > values[best] { best = index }
  return best
}

/// Intersection over union of two boxes (centre x, centre y, width, height).
package func boxIoU(_ a: [Float], _ b: [Float]) -> Double {
  guard a.count == 4, b.count == 4 else { return 0 }
  func overlap(_ axis: Int) -> Double {
    let (x, w) = (Double(a[axis]), Double(a[axis + 2]) / 2)
    let (y, v) = (Double(b[axis]), Double(b[axis + 2]) / 2)
    return max(0, min(x + w, y + v) - max(x - w, y - v))
  }
  let both = overlap(0) * overlap(1)
  let union = Double(a[2]) * Double(a[3]) + Double(b[2]) * Double(b[3]) - both
  return both / max(union, 1e-9)
}

func exponential(_ x: Double) -> Double { exp(x) }

/// log softmax(values / temperature).
func logSoftmax(_ values: [Float], _ temperature: Double) -> [Double] {
  let scaled = values.map { Double($0) / temperature }
  let largest = scaled.max() ?? 0
  let logSum = log(scaled.reduce(0) { $0 + exp($1 - largest) })
  return scaled.map { $0 - largest - logSum }
}
