import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct SoftplusTests {
  @Test("Softplus is log(1 + e^x)")
  func values() throws {
    let x = Tensor([7], [-3.5, -1.0, -0.25, 0.0, 0.5, 2.0, 7.0] as [Float])
    let y = Tensor([7], [0.029750418, 0.31326169, 0.57593942, 0.69314718, 0.97407698, 2.126928, 7.0009115] as [Float])
    #expect(isClose(try OperatorCase("Softplus").run([x])[0], y))
  }
}
