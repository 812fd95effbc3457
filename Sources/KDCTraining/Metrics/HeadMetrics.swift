import Glibc
import KDCTensor

/// How well one output does, against labels and against a reference model.
package struct HeadMetrics: Sendable, Codable, Equatable {
  package var output: String
  /// "accuracy" (share of right classes or signs), "IoU" (mean) or "MAE" (mean absolute error).
  package var metric: String
  /// The metric against the labels; nil where there are none.
  package var score: Double?
  /// The reference's, where that is asked for.
  package var teacherScore: Double?
  /// Share of samples with the reference's class or sign; for boxes the mean IoU with the reference's.
  package var agreement: Double?
  /// Mean KL(reference ‖ this) of softmax(logits / T) in nats at T = 1, 2, 4; a Bernoulli's for sign heads.
  package var kl: [Double]?
  /// Reference signal to difference, in decibels; nil where they are equal.
  package var signalToNoise: Double?
  /// Mean over samples and classes of (p − round p)², p the probabilities at T = 1: 0 for certain answers, 0.25 for a coin.
  package var uncertainty: Double?

  /// - Parameters:
  ///   - outputs: the output's values, one array per sample.
  ///   - reference: the same of the teacher (or of the float student).
  package init(_ head: Head, outputs: [[Float]], reference: [[Float]]?) {
    output = head.name
    metric = head.metricName
    score = head.labels.flatMap { head.score(outputs, labels: $0) }
    if head.hasDistribution, !outputs.isEmpty {
      uncertainty = outputs.reduce(0) { $0 + Self.uncertainty($1, isSign: head.kind == .sign) } / Double(outputs.count)
    }
    guard let reference, reference.count == outputs.count, !outputs.isEmpty else { return }
    let pairs = Array(zip(outputs, reference))
    let count = Double(pairs.count)
    switch head.kind {
    case .classes: agreement = Double(pairs.count { argmax($0) == argmax($1) }) / count
    case .sign: agreement = Double(pairs.count { (($0.first ?? 0) > 0) == (($1.first ?? 0) > 0) }) / count
    case .box: agreement = pairs.reduce(0) { $0 + boxIoU($1.0, $1.1) } / count
    case .values: agreement = nil
    }
    if head.hasDistribution {
      kl = [1, 2, 4].map { temperature in
        pairs.reduce(0) { $0 + head.divergence($1.0, from: $1.1, temperature: temperature) } / count
      }
    }
    var signal = 0.0
    var noise = 0.0
    for (values, target) in pairs {
      for (value, wanted) in zip(values, target) {
        signal += Double(wanted) * Double(wanted)
        noise += (Double(value) - Double(wanted)) * (Double(value) - Double(wanted))
      }
    }
    signalToNoise = noise > 0 && signal > 0 ? 10 * log10(signal / noise) : nil
  }

  private static func uncertainty(_ values: [Float], isSign: Bool) -> Double {
    let logs = logSoftmax(isSign ? values + [0] : values, 1)
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
