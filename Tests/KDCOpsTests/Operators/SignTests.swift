import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct SignTests {
  @Test("Sign is −1, 0 or 1")
  func values() throws {
    let x = Tensor([7], [-3.5, -1.0, -0.25, 0.0, 0.5, 2.0, 7.0] as [Float])
    let y = Tensor([7], [-1.0, -1.0, -1.0, 0.0, 1.0, 1.0, 1.0] as [Float])
    #expect(isClose(try OperatorCase("Sign").run([x])[0], y))
  }

  @Test("Sign takes integers too")
  func integers() throws {
    #expect(try OperatorCase("Sign").run([Tensor([3], [-4, 0, 9] as [Int64])])[0].int64s == [-1, 0, 1])
  }
}
