import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import KDCTestSupport
import Testing

@Suite struct RMSNormalizationTests {
  private let x = Tensor([1, 2, 2], [1, 7, -3, 3] as [Float])

  @Test("RMSNormalization divides by the root of the mean square of the last axis and scales")
  func lastAxis() throws {
    let op = OperatorCase("RMSNormalization", opset: 23, ["epsilon": .float(0)])
    let y = try op.run([x, Tensor([2], [1, 10] as [Float])])
    #expect(isClose(y[0], Tensor([1, 2, 2], [0.2, 14, -1, 10] as [Float])))
    #expect(isClose(try op.run([x, Tensor([1], [5] as [Float])])[0], Tensor([1, 2, 2], [1, 7, -5, 5] as [Float])))
  }

  @Test("From an earlier axis the mean is over all later ones; epsilon is added to it")
  func earlierAxis() throws {
    let op = OperatorCase("RMSNormalization", opset: 23, ["epsilon": .float(8), "axis": .int(1)])
    let y = try op.run([x, Tensor([2, 2], [1, 1, 1, 1] as [Float])])
    #expect(isClose(y[0], Tensor([1, 2, 2], [0.2, 1.4, -0.6, 0.6] as [Float])))
  }

  @Test("A scale of other dimensions is KDC2014, another stash_type KDC2013")
  func faults() {
    let scale = Tensor([3], [1, 1, 1] as [Float])
    #expect(OperatorCase("RMSNormalization", opset: 23).fault([x, scale])?.id == .shapeMismatch)
    let half = OperatorCase("RMSNormalization", opset: 23, ["stash_type": .int(11)])
    #expect(half.fault([x])?.id == .unsupportedAttribute)
  }
}
