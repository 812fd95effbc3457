import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import KDCTestSupport
import Testing

@Suite struct LpNormalizationTests {
  private let x = Tensor([2, 2], [3, -4, 0, 0] as [Float])

  @Test("LpNormalization divides by the root of the sum of squares, or by the sum of magnitudes, along its axis")
  func norms() throws {
    #expect(isClose(try OperatorCase("LpNormalization").run([x])[0], Tensor([2, 2], [0.6, -0.8, 0, 0] as [Float])))
    let sums = try OperatorCase("LpNormalization", ["p": .int(1), "axis": .int(0)]).run([x])
    #expect(sums[0].floats == [1, -1, 0, 0])
  }

  @Test("Another p is KDC2013, an axis outside the input KDC2011")
  func faults() {
    #expect(OperatorCase("LpNormalization", ["p": .int(3)]).fault([x])?.id == .unsupportedAttribute)
    #expect(OperatorCase("LpNormalization", ["axis": .int(2)]).fault([x])?.id == .invalidAttribute)
  }
}
