import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct CumSumTests {
  private let x = Tensor([2, 3], [1, 2, 3, 4, 5, 6] as [Float])
  private func axis(_ value: Int64) -> Tensor { Tensor([], [value]) }

  @Test("CumSum sums along its axis, exclusively or in reverse where asked")
  func forms() throws {
    #expect(try OperatorCase("CumSum").run([x, axis(1)])[0].floats == [1, 3, 6, 4, 9, 15])
    #expect(try OperatorCase("CumSum").run([x, axis(0)])[0].floats == [1, 2, 3, 5, 7, 9])
    #expect(try OperatorCase("CumSum", ["exclusive": .int(1)]).run([x, axis(-1)])[0].floats == [0, 1, 3, 0, 4, 9])
    #expect(try OperatorCase("CumSum", ["reverse": .int(1)]).run([x, axis(1)])[0].floats == [6, 5, 3, 15, 11, 6])
  }

  @Test("CumSum takes integers; an axis outside is KDC2011")
  func integersAndFaults() throws {
    #expect(try OperatorCase("CumSum").run([Tensor([2], [1, 2] as [Int64]), axis(0)])[0].int64s == [1, 3])
    #expect(OperatorCase("CumSum").fault([x, axis(2)])?.id == .invalidAttribute)
  }
}
