import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct TanhTests {
  @Test("Tanh is the hyperbolic tangent")
  func values() throws {
    let x = Tensor([7], [-3.5, -1.0, -0.25, 0.0, 0.5, 2.0, 7.0] as [Float])
    let y = Tensor([7], [-0.9981779, -0.76159416, -0.24491866, 0.0, 0.46211716, 0.96402758, 0.99999834] as [Float])
    #expect(isClose(try OperatorCase("Tanh").run([x])[0], y))
  }
}
