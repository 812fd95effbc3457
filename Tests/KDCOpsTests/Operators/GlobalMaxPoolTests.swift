import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import KDCTestSupport
import Testing

@Suite struct GlobalMaxPoolTests {
  @Test("GlobalMaxPool is the largest element of each channel, also of negative ones")
  func largest() throws {
    let y = try OperatorCase("GlobalMaxPool").run([Tensor([1, 2, 1, 2], [-1, -3, 10, 30] as [Float])])[0]
    #expect(y.shape == [1, 2, 1, 1] && y.floats == [-1, 30])
  }

  @Test("An input without spatial elements is KDC2014")
  func empty() {
    #expect(OperatorCase("GlobalMaxPool").fault([Tensor([1, 2], [1, 2] as [Float])])?.id == .shapeMismatch)
  }
}
