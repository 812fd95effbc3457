import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct HannWindowTests {
  @Test("A window of four elements, periodic and symmetric")
  func values() throws {
    let size = Tensor([], [4] as [Int64])
    let periodic = try OperatorCase("HannWindow").run([size])[0]
    #expect(isClose(periodic, Tensor([4], [0, 0.5, 1, 0.5] as [Float])))
    let symmetric = try OperatorCase("HannWindow", ["periodic": .int(0)]).run([size])[0]
    #expect(isClose(symmetric, Tensor([4], [0, 0.75, 0.75, 0] as [Float])))
  }

  @Test("A size that is not positive is KDC2018")
  func size() {
    #expect(OperatorCase("HannWindow").fault([Tensor([], [0] as [Int64])])?.id == .valueOutOfRange)
  }
}
