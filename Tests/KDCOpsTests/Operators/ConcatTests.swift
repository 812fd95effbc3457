import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct ConcatTests {
  @Test("Concat joins along any axis")
  func axes() throws {
    let (a, b) = (Tensor([2, 2], [1, 2, 3, 4] as [Float]), Tensor([2, 1], [5, 6] as [Float]))
    #expect(try OperatorCase("Concat", ["axis": .int(-1)]).run([a, b])[0].floats == [1, 2, 5, 3, 4, 6])
    let rows = try OperatorCase("Concat", ["axis": .int(0)]).run([a, a])[0]
    #expect(rows.shape == [4, 2] && rows.floats == [1, 2, 3, 4, 1, 2, 3, 4])
  }

  @Test("Concat joins integers, and tensors without elements")
  func integersAndEmpty() throws {
    let parts = [Tensor([1], [1] as [Int64]), Tensor([0], [] as [Int64]), Tensor([2], [2, 3] as [Int64])]
    #expect(try OperatorCase("Concat", ["axis": .int(0)]).run(parts)[0].int64s == [1, 2, 3])
  }

  @Test("Concat without axis is KDC2011, of unequal shapes KDC2014, of unequal types KDC2015")
  func faults() {
    let (a, b) = (Tensor([2, 2], [1, 2, 3, 4] as [Float]), Tensor([1], [5] as [Float]))
    #expect(OperatorCase("Concat").fault([a])?.id == .invalidAttribute)
    #expect(OperatorCase("Concat", ["axis": .int(2)]).fault([a])?.id == .invalidAttribute)
    #expect(OperatorCase("Concat", ["axis": .int(0)]).fault([a, b])?.id == .shapeMismatch)
    #expect(OperatorCase("Concat", ["axis": .int(0)]).fault([b, Tensor([1], [5] as [Int64])])?.id == .typeMismatch)
  }
}
