import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct MishTests {
  @Test("Mish is x · tanh(softplus(x))")
  func values() throws {
    let x = Tensor([7], [-3.5, -1.0, -0.25, 0.0, 0.5, 2.0, 7.0] as [Float])
    let y = Tensor([7], [-0.10409575, -0.30340146, -0.12992696, 0.0, 0.37524521, 1.943959, 6.9999884] as [Float])
    #expect(isClose(try OperatorCase("Mish").run([x])[0], y))
  }
}
