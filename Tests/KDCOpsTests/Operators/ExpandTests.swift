import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct ExpandTests {
  @Test("Expand broadcasts both ways")
  func shapes() throws {
    let x = Tensor([3, 1], [1, 2, 3] as [Float])
    let y = try OperatorCase("Expand").run([x, Tensor([3], [2, 1, 2] as [Int64])])[0]
    #expect(y.shape == [2, 3, 2] && y.floats == [1, 1, 2, 2, 3, 3, 1, 1, 2, 2, 3, 3])
    #expect(try OperatorCase("Expand").run([x, Tensor([1], [1] as [Int64])])[0].shape == [3, 1])
  }

  @Test("A shape that does not broadcast, or is negative, is KDC2014")
  func faults() {
    let x = Tensor([3], [1, 2, 3] as [Float])
    #expect(OperatorCase("Expand").fault([x, Tensor([1], [2] as [Int64])])?.id == .shapeMismatch)
    #expect(OperatorCase("Expand").fault([x, Tensor([1], [-1] as [Int64])])?.id == .shapeMismatch)
  }
}
