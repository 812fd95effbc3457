import KDCGraph
import KDCTensor

/// Teachers' answers as a student's head writes down its own: logits for a teacher that ends in Softmax, and the reverse.
///
/// Several teachers answer by the mean of their outputs; of scores that is the mean of their logits, so for classes the
/// geometric mean of their probabilities, at every temperature alike.
package struct ScoreTranslation: Sendable {
  private let head: Head
  /// By teacher.
  private let forms: [ScoreForm]

  /// - Parameter outputs: what the output means of each teacher; nil for logits.
  package init(to head: Head, from outputs: [OutputKind?]) {
    self.head = head
    forms = outputs.map { ScoreForm($0) }
  }

  /// Answers to one sample, one for each teacher.
  package func callAsFunction(_ answers: [[Float]]) -> [Float] {
    guard head.hasDistribution,
      forms.contains(where: { $0 != head.form }) || (answers.count > 1 && head.form != .logits)
    else { return Self.mean(answers) }
    let logits = zip(answers, forms).map { answer, form in
      form.logits(answer, isExclusive: head.isExclusive, floor: ScoreForm.leastProbability)
    }
    return head.form.scores(Self.mean(logits), isExclusive: head.isExclusive)
  }

  private static func mean(_ answers: [[Float]]) -> [Float] {
    guard answers.count > 1 else { return answers.first ?? [] }
    let share = 1 / Float(answers.count)
    let sums = answers.dropFirst().reduce(answers[0]) { zip($0, $1).map { $0 + $1 } }
    return sums.map { $0 * share }
  }

  /// What answers that were computed elsewhere are: those to classes are probabilities where each sample's are a
  /// distribution, and those to one question where none leaves 0…1. nil: logits.
  package static func kind(of answers: [[Float]], for head: Head) -> OutputKind? {
    guard head.hasDistribution, !answers.isEmpty,
      answers.allSatisfy({ $0.allSatisfy { $0 >= 0 && $0 <= 1.0001 } })
    else { return nil }
    guard head.isExclusive else { return answers.count > 1 ? .sigmoid : nil }
    return answers.allSatisfy { abs($0.reduce(0, +) - 1) < 0.01 } ? .probabilities : nil
  }
}
