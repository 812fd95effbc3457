import KDCTensor
import KDCTraining
import Testing

@Suite("Certainty")
struct CertaintyTests {
  @Test("Confusion, histogram and calibration error follow from a handful of answers")
  func classes() throws {
    // Two sure answers, one of them wrong, and a coin's; the last sample has no label.
    let outputs: [[Float]] = [[20, 0], [20, 0], [0, 0.001], [0, 20]]
    let head = Head(name: "logits", shape: [1, 2], labels: Tensor([4], [0, 1, 1, -1] as [Int64]))
    let found = try #require(Certainty(head, outputs: outputs))
    #expect(found.confusion == [[1, 0], [1, 1]])
    #expect(found.histogram[19] == 3 && found.histogram[10] == 1 && found.histogram.reduce(0, +) == 4)
    #expect(found.accuracies[19] == 0.5 && found.accuracies[10] == 1 && found.accuracies[3] == nil)
    // |1 − 2 · 1| / 3 of the sure ones, |1 − 0.5| / 3 of the coin.
    #expect(abs(try #require(found.calibrationError) - 0.5) < 1e-3)
    #expect(abs(try #require(found.f1) - 2.0 / 3) < 1e-9)
  }

  @Test("Many classes cost no square of memory, and answers that are not finite have no certainty")
  func extremes() throws {
    let head = Head(name: "y", shape: [1, 200_000], labels: Tensor([1], [3] as [Int64]))
    var scores = [Float](repeating: 0, count: 200_000)
    scores[3] = 40
    let found = try #require(Certainty(head, outputs: [scores]))
    #expect(found.confusion == nil && found.f1 == 1 && found.histogram[19] == 1)
    let small = Head(name: "y", shape: [1, 2], labels: nil)
    #expect(Certainty(small, outputs: [[.nan, 1]]) == nil && Certainty(small, outputs: [[.infinity, 1]]) == nil)
    let wild = Head(name: "y", shape: [1, 2], labels: Tensor([1], [1e30] as [Float]))
    #expect(try #require(Certainty(wild, outputs: [[0, 1]])).calibrationError == nil)
  }

  @Test("A single logit is a head of two classes, and boxes have no certainty")
  func others() throws {
    let head = Head(name: "present", shape: [1, 1], labels: Tensor([2, 1], [1, 0] as [Float]))
    let found = try #require(Certainty(head, outputs: [[3], [1]]))
    #expect(found.confusion == [[0, 1], [0, 1]])
    let box = Head(name: "box", shape: [1, 4], labels: Tensor([1, 4], [0, 0, 1, 1] as [Float]))
    #expect(Certainty(box, outputs: [[0, 0, 1, 1]]) == nil)
    let unlabelled = try #require(Certainty(Head(name: "y", shape: [1, 3], labels: nil), outputs: [[1, 2, 3]]))
    #expect(unlabelled.confusion == nil && unlabelled.calibrationError == nil)
  }
}
