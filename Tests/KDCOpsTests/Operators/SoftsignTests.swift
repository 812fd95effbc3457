import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct SoftsignTests {
  @Test("Softsign is x / (1 + |x|)")
  func values() throws {
    let x = Tensor([7], [-3.5, -1.0, -0.25, 0.0, 0.5, 2.0, 7.0] as [Float])
    let y = Tensor([7], [-0.77777778, -0.5, -0.2, 0.0, 0.33333333, 0.66666667, 0.875] as [Float])
    #expect(isClose(try OperatorCase("Softsign").run([x])[0], y))
  }
}
