import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct ReciprocalTests {
  @Test("Reciprocal is 1 / x")
  func values() throws {
    let x = Tensor([4], [-4.0, -0.5, 0.25, 8.0] as [Float])
    let y = Tensor([4], [-0.25, -2.0, 4.0, 0.125] as [Float])
    #expect(isClose(try OperatorCase("Reciprocal").run([x])[0], y))
  }
}
