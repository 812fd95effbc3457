import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct IsNaNTests {
  private static let x = Tensor([4], [Float.nan, 1, -.infinity, -.nan])

  @Test("IsNaN tells NaN from numbers and infinities, also as a program")
  func values() throws {
    let op = OperatorCase("IsNaN", opset: 20)
    #expect(try op.run([Self.x])[0].bools == [true, false, false, true])
    #expect(try op.lowered([Self.x])[0].bools == [true, false, false, true])
  }

  @Test("Integers are KDC2015")
  func integers() {
    #expect(OperatorCase("IsNaN").fault([Tensor([1], [1] as [Int64])])?.id == .typeMismatch)
  }
}
