import KDCTensor
import KDCTraining
import Testing

@Suite("Metrics")
struct MetricsTests {
  @Test("Accuracy counts the largest score and leaves out samples labelled −1")
  func accuracy() {
    let head = Head(name: "logits", shape: [1, 3], labels: Tensor([4], [2, 0, -1, 1] as [Int64]))
    #expect(head.kind == .classes(3))
    let metrics = HeadMetrics(
      head, outputs: [[0, 1, 2], [0, 1, 2], [9, 0, 0], [0, 3, 3]],
      reference: [[0, 0, 1], [1, 0, 0], [1, 0, 0], [1, 0, 0]])
    #expect(metrics.score == 2.0 / 3)
    #expect(metrics.agreement == 0.5)
  }

  @Test("A single logit is judged by its sign")
  func sign() {
    let head = Head(name: "present", shape: [1, 1], labels: Tensor([2, 1], [1, 0] as [Float]))
    #expect(head.kind == .sign)
    #expect(HeadMetrics(head, outputs: [[0.5], [0.1]], reference: nil).score == 0.5)
  }

  @Test("Four values with four float labels are boxes, judged by intersection over union")
  func boxes() throws {
    let head = Head(name: "out", shape: [1, 4], labels: Tensor([1, 4], [0.5, 0.5, 0.4, 0.4] as [Float]))
    #expect(head.kind == .box)
    let metrics = HeadMetrics(head, outputs: [[0.6, 0.5, 0.4, 0.4]], reference: [[0.6, 0.5, 0.4, 0.4]])
    #expect(abs(try #require(metrics.score) - 0.6) < 1e-6)
    #expect(abs(try #require(metrics.agreement) - 1) < 1e-6)
    #expect(metrics.signalToNoise == nil)
    #expect(Head(name: "scores", shape: [1, 4], labels: nil).kind == .classes(4))
    #expect(Head(name: "box", shape: [1, 4], labels: nil).kind == .box)
  }

  @Test("KL is that of the softened distributions: 0 for equal logits, log 2 for certainty against a coin")
  func divergence() throws {
    let head = Head(name: "logits", shape: [1, 2], labels: nil)
    let same = HeadMetrics(head, outputs: [[1, 2]], reference: [[3, 4]])
    #expect(same.kl?.allSatisfy { $0 < 1e-12 } == true)
    let coin = try #require(HeadMetrics(head, outputs: [[0, 0]], reference: [[1000, 0]]).kl)
    #expect(abs(coin[0] - 0.6931471805599453) < 1e-9)
    let soft = try #require(HeadMetrics(head, outputs: [[0, 0]], reference: [[2, 0]]).kl)
    #expect(soft[0] > soft[1] && soft[1] > soft[2])
  }

  @Test("Other outputs are judged by mean absolute error and by decibels against the reference")
  func values() throws {
    let head = Head(name: "mask", shape: [1, 2, 2], labels: Tensor([1, 2, 2], [1, 1, 1, 1] as [Float]))
    let metrics = HeadMetrics(head, outputs: [[1, 1, 1, 2]], reference: [[1, 1, 1, 1]])
    #expect(metrics.metric == "MAE" && metrics.score == 0.25 && metrics.agreement == nil)
    #expect(abs(try #require(metrics.signalToNoise) - 6.0206) < 1e-3)
  }
}
