import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct PowTests {
  @Test("Pow raises floats, with the exponents 2, 3 and ½ as products and square root")
  func floats() throws {
    let x = Tensor([5], [2, 3, 2, 9, 2] as [Float])
    let y = try OperatorCase("Pow").run([x, Tensor([5], [2, 3, -1, 0.5, 1.5] as [Float])])[0]
    #expect(isClose(y, Tensor([5], [4, 27, 0.5, 3, 2.828427] as [Float])))
  }

  @Test("Pow keeps the base's type whatever the exponent's")
  func mixed() throws {
    let op = OperatorCase("Pow")
    #expect(try op.run([Tensor([2], [2, 3] as [Float]), Tensor([], [3] as [Int64])])[0].floats == [8, 27])
    #expect(try op.run([Tensor([3], [2, -3, 1] as [Int64]), Tensor([], [3] as [Int64])])[0].int64s == [8, -27, 1])
    #expect(try op.run([Tensor([2], [4, 9] as [Int64]), Tensor([], [0.5] as [Float])])[0].int64s == [2, 3])
    #expect(try op.run([Tensor([3], [1, -1, 5] as [Int64]), Tensor([], [-3] as [Int64])])[0].int64s == [1, -1, 0])
    #expect(op.fault([Tensor([1], [true]), Tensor([], [3] as [Int64])])?.id == .typeMismatch)
  }
}
