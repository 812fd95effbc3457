import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct MeanTests {
  @Test("Mean divides the broadcast sum by the number of inputs")
  func mean() throws {
    let x = [Tensor([2], [1, 2] as [Float]), Tensor([1], [3] as [Float]), Tensor([], [5] as [Float])]
    #expect(isClose(try OperatorCase("Mean").run(x)[0], Tensor([2], [3, 10.0 / 3] as [Float])))
    #expect(OperatorCase("Mean").fault([Tensor([1], [1] as [Int64])])?.id == .typeMismatch)
  }
}
