import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct IsInfTests {
  private static let x = Tensor([4], [Float.nan, .infinity, -.infinity, 3])

  @Test(
    "IsInf finds the infinities that it is asked for, also as a program",
    arguments: [
      (true, true, [false, true, true, false]), (false, true, [false, true, false, false]),
      (true, false, [false, false, true, false]), (false, false, [false, false, false, false]),
    ])
  func values(negative: Bool, positive: Bool, expected: [Bool]) throws {
    let op = OperatorCase(
      "IsInf", opset: 20, ["detect_negative": .int(negative ? 1 : 0), "detect_positive": .int(positive ? 1 : 0)])
    #expect(try op.run([Self.x])[0].bools == expected)
    #expect(try op.lowered([Self.x])[0].bools == expected)
  }

  @Test("Integers are KDC2015")
  func integers() {
    #expect(OperatorCase("IsInf").fault([Tensor([1], [1] as [Int64])])?.id == .typeMismatch)
  }
}
