import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct NegativeLogLikelihoodLossTests {
  private static let x = Tensor([3, 2], [-1, -2, -3, -4, -5, -6] as [Float])
  private static let labels = Tensor([3], [0, 1, 1] as [Int64])

  private func loss(_ attributes: [String: Attribute], _ labels: Tensor = labels, weight: [Float]? = nil) throws
    -> Tensor
  {
    try OperatorCase("NegativeLogLikelihoodLoss", attributes).run(
      [Self.x, labels] + (weight.map { [Tensor([2], $0)] } ?? []))[0]
  }

  @Test("Each label's element, their sum, their mean, and the mean by weights")
  func reductions() throws {
    #expect(try loss(["reduction": .string("none")]).floats == [1, 4, 6])
    #expect(try loss(["reduction": .string("sum")]).floats == [11])
    #expect(isClose(try loss([:]), Tensor([], [11.0 / 3] as [Float])))
    #expect(isClose(try loss([:], weight: [1, 3]), Tensor([], [31.0 / 7] as [Float])))
  }

  @Test("A label that does not count, and is no class, adds neither loss nor weight")
  func ignored() throws {
    let labels = Tensor([3], [0, -7, 1] as [Int64])
    #expect(try loss(["ignore_index": .int(-7)], labels).floats == [3.5])
    #expect(
      try loss(["ignore_index": .int(-7), "reduction": .string("none")], labels, weight: [2, 1]).floats == [2, 0, 6])
  }

  @Test("Labels of another shape are KDC2014")
  func mismatch() {
    let fault = OperatorCase("NegativeLogLikelihoodLoss").fault([Self.x, Tensor([2], [0, 1] as [Int64])])
    #expect(fault?.id == .shapeMismatch)
  }
}
