import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct ArgMinTests {
  private let x = Tensor([2, 3], [3, 1, 1, 2, 9, 4] as [Float])

  @Test("ArgMin finds the first of equal elements, or the last where asked")
  func ties() throws {
    #expect(try OperatorCase("ArgMin", ["axis": .int(1)]).run([x])[0].int64s == [1, 0])
    let op = OperatorCase("ArgMin", ["axis": .int(-1), "select_last_index": .int(1), "keepdims": .int(0)])
    let y = try op.run([x])[0]
    #expect(y.shape == [2] && y.int64s == [2, 0])
  }

  @Test("ArgMin goes along axis 0 by default and takes integers")
  func integers() throws {
    let y = try OperatorCase("ArgMin").run([Tensor([2, 2], [1, 8, 2, 7] as [Int64])])[0]
    #expect(y.shape == [1, 2] && y.int64s == [0, 1])
  }

  @Test("ArgMin along an axis without elements is KDC2014, outside the rank KDC2011")
  func faults() {
    #expect(OperatorCase("ArgMin").fault([Tensor([0, 2], [] as [Float])])?.id == .shapeMismatch)
    #expect(OperatorCase("ArgMin", ["axis": .int(2)]).fault([x])?.id == .invalidAttribute)
  }
}
