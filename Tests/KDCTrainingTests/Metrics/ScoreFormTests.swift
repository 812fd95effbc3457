import Foundation
import KDCGraph
import KDCTensor
import KDCTestSupport
import KDCTraining
import Testing

@Suite("Forms of scores")
struct ScoreFormTests {
  private static func softmax(_ row: [Float]) -> [Float] {
    let exponentials = row.map { exp($0 - (row.max() ?? 0)) }
    let sum = exponentials.reduce(0, +)
    return exponentials.map { $0 / sum }
  }

  private static func rows(_ count: Int, seed: UInt64, size: Float) -> [[Float]] {
    var random = SeededGenerator(seed: seed)
    return (0..<count).map { _ in (0..<5).map { _ in Float.random(in: -size...size, using: &random) } }
  }

  @Test(
    "Every figure of a model that ends in Softmax or LogSoftmax is that of its logits",
    arguments: [3, 12, 40] as [Float])
  func twins(size: Float) throws {
    let (own, reference) = (Self.rows(60, seed: 1, size: size), Self.rows(60, seed: 2, size: size))
    let labels = Tensor([60], (0..<60).map { Int64($0 % 5) })
    func figures(_ kind: OutputKind, _ form: ([Float]) -> [Float]) throws -> (HeadMetrics, Certainty) {
      let head = Head(name: "y", shape: [1, 5], labels: labels, output: kind)
      return (
        HeadMetrics(head, outputs: own.map(form), reference: reference.map(form)),
        try #require(Certainty(head, outputs: own.map(form)))
      )
    }
    let (wanted, sure) = try figures(.logits) { $0 }
    for (kind, form) in [
      (OutputKind.probabilities, { Self.softmax($0) }), (.logProbabilities, { Self.softmax($0).map { log($0) } }),
    ] as [(OutputKind, ([Float]) -> [Float])] {
      let (found, certainty) = try figures(kind, form)
      #expect(found.score == wanted.score && found.agreement == wanted.agreement)
      #expect(abs(try #require(found.uncertainty) - #require(wanted.uncertainty)) < 1e-5)
      for (a, b) in zip(try #require(found.kl), try #require(wanted.kl)) {
        #expect(abs(a - b) < 1e-4 * max(1, b), "\(kind) \(size)")
      }
      #expect(abs(certainty.confidence - sure.confidence) < 1e-5)
      #expect(abs(try #require(certainty.calibrationError) - #require(sure.calibrationError)) < 1e-4)
    }
  }

  @Test("Probabilities that int8 rounded to 0 give a finite divergence, and answers stay what they are")
  func rounded() throws {
    let head = Head(name: "y", shape: [1, 3], labels: nil, output: .probabilities)
    let metrics = HeadMetrics(
      head, outputs: [[1, 0, 0], [0, 0.996, 0.004]], reference: [[0.998, 0.001, 0.001], [0.001, 0.995, 0.004]])
    let kl = try #require(metrics.kl)
    #expect(kl.allSatisfy { $0.isFinite && $0 < 0.05 })
    #expect(metrics.agreement == 1 && (metrics.uncertainty ?? 1) < 0.001)
  }

  @Test("A single probability says yes above one half, with the figures of its logit")
  func single() throws {
    let logits: [[Float]] = [[2], [-1], [0.5], [-3]]
    let labels = Tensor([4, 1], [1, 0, 0, 0] as [Float])
    let plain = HeadMetrics(
      Head(name: "y", shape: [1, 1], labels: labels), outputs: logits, reference: [[1], [-2], [-0.5], [-3]])
    func sigmoid(_ rows: [[Float]]) -> [[Float]] { rows.map { $0.map { 1 / (1 + exp(-$0)) } } }
    let head = Head(name: "y", shape: [1, 1], labels: labels, output: .sigmoid)
    #expect(head.kind == .sign)
    let found = HeadMetrics(head, outputs: sigmoid(logits), reference: sigmoid([[1], [-2], [-0.5], [-3]]))
    #expect(found.score == 0.75 && found.score == plain.score)
    #expect(found.agreement == 0.75 && found.agreement == plain.agreement)
    for (a, b) in zip(try #require(found.kl), try #require(plain.kl)) { #expect(abs(a - b) < 1e-5) }
    let sure = try #require(Certainty(head, outputs: sigmoid(logits)))
    #expect(sure.confusion == [[2, 1], [0, 1]])
  }

  @Test("Several sigmoids are questions of their own; with one class a sample they are classes")
  func independent() throws {
    let flags = Head(
      name: "y", shape: [1, 3], labels: Tensor([2, 3], [1, 1, 0, 0, -1, 0] as [Float]), output: .sigmoid)
    #expect(flags.kind == .independent(3))
    let metrics = HeadMetrics(
      flags, outputs: [[0.9, 0.2, 0.1], [0.1, 0.9, 0.6]], reference: [[0.8, 0.6, 0.4], [0.1, 0.8, 0.3]])
    // Two of three, and one of the two that are asked.
    let (score, agreement): (Double, Double) = (7.0 / 12, 2.0 / 3)
    #expect(abs(try #require(metrics.score) - score) < 1e-9)
    #expect(abs(try #require(metrics.agreement) - agreement) < 1e-9)
    let classes = Head(name: "y", shape: [1, 3], labels: Tensor([2], [0, 2] as [Int64]), output: .sigmoid)
    #expect(classes.kind == .classes(3))
    #expect(HeadMetrics(classes, outputs: [[0.9, 0.2, 0.1], [0.1, 0.3, 0.4]], reference: nil).score == 1)
  }

  @Test("Teachers' answers are written down as the student's, and several are averaged as logits")
  func translation() {
    let student = Head(name: "y", shape: [1, 2], labels: nil, output: .logits)
    let toLogits = ScoreTranslation(to: student, from: [.probabilities])([[0.75, 0.25]])
    #expect(abs(toLogits[0] - toLogits[1] - log(3)) < 1e-6)
    let pupil = Head(name: "y", shape: [1, 2], labels: nil, output: .probabilities)
    let both = ScoreTranslation(to: pupil, from: [nil, .probabilities])([[log(3), 0], [0.25, 0.75]])
    #expect(both.allSatisfy { abs($0 - 0.5) < 1e-6 })
    #expect(ScoreTranslation(to: student, from: [nil])([[3, -1]]) == [3, -1])
    #expect(ScoreTranslation.kind(of: [[0.75, 0.25], [0.5, 0.5]], for: student) == .probabilities)
    #expect(ScoreTranslation.kind(of: [[0.75, 0.25], [0.5, 0.4]], for: student) == nil)
    #expect(ScoreTranslation.kind(of: [[2, -1]], for: student) == nil)
  }
}
