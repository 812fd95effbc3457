import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct HammingWindowTests {
  @Test("A window of four elements, periodic and symmetric")
  func values() throws {
    let size = Tensor([], [4] as [Int64])
    let periodic = try OperatorCase("HammingWindow").run([size])[0]
    #expect(isClose(periodic, Tensor([4], [0.086957, 0.543478, 1, 0.543478] as [Float])))
    let symmetric = try OperatorCase("HammingWindow", ["periodic": .int(0)]).run([size])[0]
    #expect(isClose(symmetric, Tensor([4], [0.086957, 0.771739, 0.771739, 0.086957] as [Float])))
  }

  @Test("A size that is not positive is KDC2018")
  func size() {
    #expect(OperatorCase("HammingWindow").fault([Tensor([], [0] as [Int64])])?.id == .valueOutOfRange)
  }
}
