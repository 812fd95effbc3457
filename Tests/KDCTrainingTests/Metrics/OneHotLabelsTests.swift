import KDCDiagnostics
import KDCGraph
import KDCTensor
import KDCTraining
import Testing

@Suite("One-hot labels")
struct OneHotLabelsTests {
  @Test("A row of zeros and a one is the class of the one")
  func classes() throws {
    let labels = Tensor([3, 3], [0, 1, 0, 1, 0, 0, 0, 0, 1] as [Float])
    for kind in [nil, OutputKind.logits, .probabilities, .sigmoid] {
      let head = Head(name: "y", shape: [1, 3], labels: labels, output: kind)
      #expect(head.kind == .classes(3) && head.hadOneHotLabels && head.labels?.asFloats == [1, 0, 2])
      #expect(DistillationTargets.labelFaults([head]).isEmpty)
      #expect(head.score([[0, 1, 0], [1, 0, 0], [1, 0, 0]], labels: try #require(head.labels)) == 2.0 / 3)
    }
    #expect(Head(name: "y", shape: [1, 3], labels: labels, output: .regression).kind == .values(3))
    let integers = Tensor([2, 1, 2], [0, 1, 1, 0] as [Int64])
    #expect(Head(name: "y", shape: [1, 2], labels: integers).labels?.asFloats == [1, 0])
  }

  @Test("Other rows are refused for a head of classes, and where nothing says what they label")
  func refused() {
    func faults(_ values: [Float], _ kind: OutputKind?) -> [DiagnosticID] {
      DistillationTargets.labelFaults([Head(name: "y", shape: [1, 3], labels: Tensor([2, 3], values), output: kind)])
        .map(\.id)
    }
    #expect(faults([0, 1, 1, 1, 0, 0], .logits) == [.targetMismatch])
    #expect(faults([0.2, 0.3, 0.5, 1, 0, 0], .probabilities) == [.targetMismatch])
    #expect(faults([0, 1, 1, 1, 0, 0], nil) == [.targetMismatch])
    #expect(faults([0, 1, 1, 1, 0, 0], .sigmoid).isEmpty)
    #expect(faults([0, 2, 1, 1, 0, 0], .sigmoid) == [.labelOutOfRange])
    #expect(faults([0, 1, 1, 1, 0, 0], .regression).isEmpty)
    #expect(faults([0.2, 0.3, 0.5, 1, 0, 0], nil).isEmpty)
  }

  @Test("Numbers beyond 0 and 1 for a single value of unknown meaning are regression")
  func measurements() {
    let labels = Tensor([2, 1], [37.5, 12] as [Float])
    #expect(Head(name: "age", shape: [1, 1], labels: labels).kind == .values(1))
    #expect(Head(name: "age", shape: [1, 1], labels: Tensor([2], [1, 0] as [Int64])).kind == .sign)
  }
}
