import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct SkipLayerNormalizationTests {
  private static let x = Tensor([1, 1, 2], [1, 2] as [Float])
  private static let skip = Tensor([1, 1, 2], [1, 4] as [Float])
  private static let gamma = Tensor([2], [1, 3] as [Float])

  @Test("The sum is normalised, and given as the last output")
  func values() throws {
    var op = OperatorCase("SkipLayerNormalization", domain: "com.microsoft", opset: 1)
    op.node.outputs = ["y", "mean", "inverse", "sum"]
    let y = try op.run([
      Self.x, Self.skip, Self.gamma, Tensor([2], [0, 1] as [Float]), Tensor([2], [0, 2] as [Float]),
    ])
    // 2 and 8: mean 5, deviation 3.
    #expect(isClose(y[0], Tensor([1, 1, 2], [-1, 4] as [Float])))
    #expect(isClose(y[1], Tensor([1, 1, 1], [5] as [Float])))
    #expect(isClose(y[2], Tensor([1, 1, 1], [1.0 / 3] as [Float])))
    #expect(y[3].floats == [2, 8])
  }

  @Test("A skip of another shape is KDC2014")
  func mismatch() {
    let op = OperatorCase("SkipLayerNormalization", domain: "com.microsoft", opset: 1)
    #expect(op.fault([Self.x, Tensor([3], [0, 0, 0] as [Float]), Self.gamma])?.id == .shapeMismatch)
  }
}
