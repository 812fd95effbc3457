import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct ThresholdedReluTests {
  @Test("ThresholdedRelu is 0 up to alpha, and x above")
  func values() throws {
    let x = Tensor([4], [-2, 1, 2, 2.5] as [Float])
    let y = Tensor([4], [0, 0, 0, 2.5] as [Float])
    let op = OperatorCase("ThresholdedRelu", ["alpha": .float(2)])
    #expect(isClose(try op.run([x])[0], y, tolerance: 3e-7))
  }
}
