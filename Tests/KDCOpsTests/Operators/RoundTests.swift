import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct RoundTests {
  @Test("Round is the nearest integer, halves to even")
  func values() throws {
    let x = Tensor([7], [-2.5, -1.5, -0.2, 0.5, 1.5, 2.5, 2.6] as [Float])
    let y = Tensor([7], [-2.0, -2.0, 0.0, 0.0, 2.0, 2.0, 3.0] as [Float])
    #expect(isClose(try OperatorCase("Round").run([x])[0], y))
  }
}
