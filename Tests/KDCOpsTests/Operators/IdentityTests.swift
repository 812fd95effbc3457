import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct IdentityTests {
  @Test("Identity gives its input")
  func same() throws {
    let x = Tensor([2], [1, 2] as [Int64])
    #expect(try OperatorCase("Identity").run([x])[0].int64s == [1, 2])
  }
}
