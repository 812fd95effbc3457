import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct ExpTests {
  @Test("Exp is e to the x")
  func values() throws {
    let x = Tensor([7], [-3.5, -1.0, -0.25, 0.0, 0.5, 2.0, 7.0] as [Float])
    let y = Tensor([7], [0.030197383, 0.36787944, 0.77880078, 1.0, 1.6487213, 7.3890561, 1096.6332] as [Float])
    #expect(isClose(try OperatorCase("Exp").run([x])[0], y))
  }
}
