import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import KDCTestSupport
import Testing

@Suite struct InstanceNormalizationTests {
  @Test("InstanceNormalization centres and scales each channel of each image")
  func channels() throws {
    let x = Tensor([1, 2, 2], [1, 3, -2, 2] as [Float])
    let y = try OperatorCase("InstanceNormalization", ["epsilon": .float(0)]).run([
      x, Tensor([2], [1, 2] as [Float]), Tensor([2], [0, 10] as [Float]),
    ])
    #expect(isClose(y[0], Tensor([1, 2, 2], [-1, 1, 8, 12] as [Float])))
  }

  @Test("Parameters of another length are KDC2014")
  func faults() {
    let one = Tensor([1], [1] as [Float])
    let fault = OperatorCase("InstanceNormalization").fault([Tensor([1, 2, 1], [1, 2] as [Float]), one, one])
    #expect(fault?.id == .shapeMismatch)
  }
}
