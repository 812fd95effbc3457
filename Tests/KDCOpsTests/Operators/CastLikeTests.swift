import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct CastLikeTests {
  @Test("CastLike takes the second input's type")
  func types() throws {
    let y = try OperatorCase("CastLike").run([Tensor([1], [1.5] as [Float]), Tensor([], [0] as [Int64])])[0]
    #expect(y.int64s == [1])
  }
}
