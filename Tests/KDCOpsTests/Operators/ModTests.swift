import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct ModTests {
  @Test("Mod of integers has the divisor's sign, with fmod the dividend's")
  func signs() throws {
    let (a, b) = (Tensor([4], [7, -7, 7, -7] as [Int64]), Tensor([4], [3, 3, -3, -3] as [Int64]))
    #expect(try OperatorCase("Mod").run([a, b])[0].int64s == [1, 2, -2, -1])
    #expect(try OperatorCase("Mod", ["fmod": .int(1)]).run([a, b])[0].int64s == [1, -1, 1, -1])
  }

  @Test("Mod of floats needs fmod, and then is C's")
  func floats() throws {
    let (a, b) = (Tensor([2], [5.5, -5.5] as [Float]), Tensor([1], [2] as [Float]))
    #expect(try OperatorCase("Mod", ["fmod": .int(1)]).run([a, b])[0].floats == [1.5, -1.5])
    #expect(OperatorCase("Mod").fault([a, b])?.id == .typeMismatch)
  }

  @Test("Mod of integers by zero is KDC2018")
  func zero() {
    let op = OperatorCase("Mod")
    let fault = #expect(throws: Diagnostic.self) {
      try op.run([Tensor([1], [1] as [Int64]), Tensor([1], [0] as [Int64])])
    }
    #expect(fault?.id == .valueOutOfRange)
  }
}
