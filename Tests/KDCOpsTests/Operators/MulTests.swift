import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct MulTests {
  @Test("Mul multiplies, with broadcasting")
  func broadcasting() throws {
    let a = Tensor([2, 3], [1.0, 2.0, 3.0, 4.0, 5.0, 6.0] as [Float])
    let b = Tensor([3], [10.0, -2.0, 0.5] as [Float])
    #expect(
      isClose(try OperatorCase("Mul").run([a, b])[0], Tensor([2, 3], [10.0, -4.0, 1.5, 40.0, -10.0, 3.0] as [Float])))
  }

  @Test("Mul of integers is exact")
  func integers() throws {
    let op = OperatorCase("Mul")
    #expect(try op.run([Tensor([2], [1, 2] as [Int64]), Tensor([1], [10] as [Int64])])[0].int64s == [10, 20])
  }

  @Test("Mul of int8 wraps")
  func narrow() throws {
    let y = try OperatorCase("Mul").run([Tensor([1], [64] as [Int8]), Tensor([1], [3] as [Int8])])[0]
    #expect(y.dataType == .int8 && y.cast(to: .int64).int64s == [-64])
  }

  @Test("Mul of different data types is KDC2015, of shapes that do not broadcast KDC2014")
  func faults() {
    let op = OperatorCase("Mul")
    #expect(op.fault([Tensor([1], [1] as [Float]), Tensor([1], [1] as [Int64])])?.id == .typeMismatch)
    #expect(op.fault([Tensor([2], [1, 1] as [Float]), Tensor([3], [1, 1, 1] as [Float])])?.id == .shapeMismatch)
    #expect(op.fault([Tensor([2], [1, 1] as [Float])])?.id == .missingInput)
  }
}
