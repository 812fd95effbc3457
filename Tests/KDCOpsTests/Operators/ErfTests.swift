import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct ErfTests {
  @Test("Erf is the error function")
  func values() throws {
    let x = Tensor([7], [-3.5, -1.0, -0.25, 0.0, 0.5, 2.0, 7.0] as [Float])
    let y = Tensor([7], [-0.99999926, -0.84270079, -0.27632639, 0.0, 0.52049988, 0.99532227, 1.0] as [Float])
    #expect(isClose(try OperatorCase("Erf").run([x])[0], y))
  }
}
