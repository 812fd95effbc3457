import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import KDCTestSupport
import Testing

@Suite struct LayerNormalizationTests {
  private let x = Tensor([1, 2, 2], [1, 3, -2, 2] as [Float])

  @Test("LayerNormalization centres and scales the last axis")
  func lastAxis() throws {
    let y = try OperatorCase("LayerNormalization", ["epsilon": .float(0)]).run([
      x, Tensor([2], [1, 2] as [Float]), Tensor([2], [0, 10] as [Float]),
    ])
    #expect(isClose(y[0], Tensor([1, 2, 2], [-1, 12, -1, 12] as [Float])))
    #expect(isClose(y[1], Tensor([1, 2, 1], [2, 0] as [Float])))
    #expect(isClose(y[2], Tensor([1, 2, 1], [1, 0.5] as [Float])))
  }

  @Test("From an earlier axis the statistics are over all later ones")
  func earlierAxis() throws {
    let scale = Tensor([2, 2], [1, 1, 1, 1] as [Float])
    let y = try OperatorCase("LayerNormalization", ["epsilon": .float(0), "axis": .int(1)]).run([x, scale])
    #expect(isClose(y[1], Tensor([1, 1, 1], [1] as [Float])))
    #expect(isClose(y[2], Tensor([1, 1, 1], [1 / Float(3.5).squareRoot()] as [Float])))
  }

  @Test("A scale of other dimensions is KDC2014, another stash_type KDC2013")
  func faults() {
    let scale = Tensor([3], [1, 1, 1] as [Float])
    #expect(OperatorCase("LayerNormalization").fault([x, scale])?.id == .shapeMismatch)
    #expect(OperatorCase("LayerNormalization", ["stash_type": .int(11)]).fault([x])?.id == .unsupportedAttribute)
  }
}
