import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct DivTests {
  @Test("Div divides, with broadcasting")
  func broadcasting() throws {
    let a = Tensor([2, 3], [1.0, 2.0, 3.0, 4.0, 5.0, 6.0] as [Float])
    let b = Tensor([3], [10.0, -2.0, 0.5] as [Float])
    #expect(
      isClose(try OperatorCase("Div").run([a, b])[0], Tensor([2, 3], [0.1, -1.0, 6.0, 0.4, -2.5, 12.0] as [Float])))
  }

  @Test("Div of integers goes toward zero")
  func integers() throws {
    let op = OperatorCase("Div")
    #expect(
      try op.run([Tensor([3], [7, -7, 7] as [Int64]), Tensor([3], [2, 2, -2] as [Int64])])[0].int64s == [3, -3, -3])
  }

  @Test("Div of int8 wraps")
  func narrow() throws {
    let y = try OperatorCase("Div").run([Tensor([1], [-128] as [Int8]), Tensor([1], [-1] as [Int8])])[0]
    #expect(y.dataType == .int8 && y.cast(to: .int64).int64s == [-128])
  }

  @Test("Div of different data types is KDC2015, of shapes that do not broadcast KDC2014")
  func faults() {
    let op = OperatorCase("Div")
    #expect(op.fault([Tensor([1], [1] as [Float]), Tensor([1], [1] as [Int64])])?.id == .typeMismatch)
    #expect(op.fault([Tensor([2], [1, 1] as [Float]), Tensor([3], [1, 1, 1] as [Float])])?.id == .shapeMismatch)
    #expect(op.fault([Tensor([2], [1, 1] as [Float])])?.id == .missingInput)
  }

  @Test("Div of integers by zero is KDC2018")
  func zero() {
    let op = OperatorCase("Div")
    let fault = #expect(throws: Diagnostic.self) {
      try op.run([Tensor([1], [1] as [Int64]), Tensor([1], [0] as [Int64])])
    }
    #expect(fault?.id == .valueOutOfRange)
  }
}
