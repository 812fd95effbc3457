import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import KDCTestSupport
import Testing

@Suite struct GlobalAveragePoolTests {
  @Test("GlobalAveragePool is the mean of each channel, for any number of spatial axes")
  func mean() throws {
    let pool = OperatorCase("GlobalAveragePool")
    let y = try pool.run([Tensor([1, 2, 1, 2], [1, 3, 10, 30] as [Float])])[0]
    #expect(y.shape == [1, 2, 1, 1] && y.floats == [2, 20])
    #expect(try pool.run([Tensor([1, 1, 3], [1, 2, 6] as [Float])])[0].floats == [3])
  }

  @Test("An input without spatial elements is KDC2014")
  func empty() {
    #expect(OperatorCase("GlobalAveragePool").fault([Tensor([1, 2], [1, 2] as [Float])])?.id == .shapeMismatch)
    #expect(OperatorCase("GlobalAveragePool").fault([Tensor([1, 2, 0], [] as [Float])])?.id == .shapeMismatch)
  }
}
