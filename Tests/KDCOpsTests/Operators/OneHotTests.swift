import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct OneHotTests {
  private func depth(_ value: Int64) -> Tensor { Tensor([], [value]) }
  private let values = Tensor([2], [0, 5] as [Float])

  @Test("OneHot places the hot value along the last axis or the one asked for; indices outside give none")
  func axes() throws {
    let indices = Tensor([3], [0, -1, 7] as [Int64])
    let y = try OperatorCase("OneHot").run([indices, depth(2), values])[0]
    #expect(y.shape == [3, 2] && y.floats == [5, 0, 0, 5, 0, 0])
    let first = try OperatorCase("OneHot", ["axis": .int(0)]).run([indices, depth(2), values])[0]
    #expect(first.shape == [2, 3] && first.floats == [5, 0, 0, 0, 5, 0])
  }

  @Test("A depth below 1 is KDC2018, values that are not a pair KDC2014")
  func faults() {
    let indices = Tensor([1], [0] as [Int64])
    #expect(OperatorCase("OneHot").fault([indices, depth(0), values])?.id == .valueOutOfRange)
    #expect(OperatorCase("OneHot").fault([indices, depth(2), Tensor([1], [0] as [Float])])?.id == .shapeMismatch)
  }
}
