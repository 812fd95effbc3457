import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct NegTests {
  @Test("Neg is the opposite")
  func values() throws {
    let x = Tensor([7], [-3.5, -1.0, -0.25, 0.0, 0.5, 2.0, 7.0] as [Float])
    let y = Tensor([7], [3.5, 1.0, 0.25, 0.0, -0.5, -2.0, -7.0] as [Float])
    #expect(isClose(try OperatorCase("Neg").run([x])[0], y))
  }

  @Test("Neg takes integers and wraps at the smallest one")
  func integers() throws {
    #expect(try OperatorCase("Neg").run([Tensor([2], [-4, .min] as [Int64])])[0].int64s == [4, .min])
  }
}
