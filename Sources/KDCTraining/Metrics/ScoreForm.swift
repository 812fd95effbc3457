import Glibc
import KDCGraph

/// How a head writes down its scores.
package enum ScoreForm: Sendable, Equatable {
  case logits
  case probabilities
  /// Natural logarithms.
  case logProbabilities

  package init(_ output: OutputKind?) {
    switch output {
    case .probabilities, .sigmoid: self = .probabilities
    case .logProbabilities: self = .logProbabilities
    default: self = .logits
    }
  }

  /// Whether a score of a question of its own says yes.
  package func isYes(_ score: Float) -> Bool {
    switch self {
    case .logits: score > 0
    case .probabilities: score > 0.5
    case .logProbabilities: score > -0.6931472
    }
  }

  /// Probabilities that are 0 in float32 stand for no less than this.
  static let leastProbability: Float = 1e-38
  /// So do logarithms that are −∞.
  private static let leastLogarithm = -1000.0
  /// The steepest a logit may rise with its probability, so that gradients stay finite in float32.
  private static let largestSlope = 1e30

  /// Scores of all samples as logits. Of classes that exclude each other these are logarithms of probabilities, which
  /// softmax leaves as they are; of a question of its own, log p / (1 − p).
  ///
  /// Numbers that were rounded to 0 (or to 1, in questions) stand for half of what is the smallest distance from it
  /// that occurs: probabilities in steps of 1/256 have nothing between 0 and a step, and a divergence must be finite.
  package func logits(_ outputs: [[Float]], isExclusive: Bool) -> [[Float]] {
    guard self == .probabilities else {
      return outputs.map { logits($0, isExclusive: isExclusive, floor: Self.leastProbability) }
    }
    var least: Float = 1
    for row in outputs {
      for value in row {
        if value > 0 { least = min(least, value) }
        if !isExclusive, value < 1 { least = min(least, 1 - value) }
      }
    }
    let floor = max(min(least / 2, 1 / 512), Self.leastProbability)
    return outputs.map { logits($0, isExclusive: isExclusive, floor: floor) }
  }

  /// Of one sample; no probability counts as less than `floor`.
  func logits(_ scores: [Float], isExclusive: Bool, floor: Float) -> [Float] {
    guard self != .logits else { return scores }
    return differentiableLogits(scores.map(Double.init), isExclusive: isExclusive, floor: Double(floor)).logits
      .map { Float($0) }
  }

  /// Of one sample, with the derivative of each logit by its score.
  func differentiableLogits(
    _ scores: [Double], isExclusive: Bool, floor: Double = Double(leastProbability)
  ) -> (logits: [Double], slopes: [Double]) {
    guard self != .logits else { return (scores, scores.map { _ in 1 }) }
    var (logits, slopes): ([Double], [Double]) = ([], [])
    for score in scores {
      let isLogarithm = self == .logProbabilities
      let yes = max(isLogarithm ? exp(score) : score, floor)
      let no = max(1 - yes, floor)
      let logarithm = isLogarithm ? max(score, Self.leastLogarithm) : log(yes)
      logits.append(isExclusive ? logarithm : logarithm - log(no))
      slopes.append(min((isLogarithm ? 1 : 1 / yes) * (isExclusive ? 1 : 1 / no), Self.largestSlope))
    }
    return (logits, slopes)
  }

  /// The opposite of `logits`.
  package func scores(_ logits: [Float], isExclusive: Bool) -> [Float] {
    switch self {
    case .logits: return logits
    case .probabilities, .logProbabilities:
      let logarithms =
        isExclusive
        ? logSoftmax(logits, 1) : logits.map { logSoftmax([$0, 0], 1)[0] }
      return logarithms.map { Float(self == .probabilities ? exp($0) : $0) }
    }
  }
}
