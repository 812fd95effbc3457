import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct EmbedLayerNormalizationTests {
  @Test("Rows of words, positions and segments, added and normalised; the mask is counted")
  func values() throws {
    var op = OperatorCase("EmbedLayerNormalization", domain: "com.microsoft", opset: 1)
    op.node.outputs = ["y", "count", "sum"]
    let words = Tensor([3, 2], [0, 0, 1, 3, 2, 10] as [Float])
    let positions = Tensor([4, 2], [0, 0, 1, 1, 9, 9, 9, 9] as [Float])
    let segments = Tensor([2, 2], [0, 0, 0, -1] as [Float])
    let y = try op.run([
      Tensor([1, 2], [1, 2] as [Int32]), Tensor([1, 2], [0, 1] as [Int32]), words, positions, segments,
      Tensor([2], [1, 1] as [Float]), Tensor([2], [0, 5] as [Float]), Tensor([1, 2], [1, 0] as [Int32]),
    ])
    #expect(y[2].floats == [1, 3, 3, 10])
    #expect(isClose(y[0], Tensor([1, 2, 2], [-1, 6, -1, 6] as [Float])))
    #expect(y[1].cast(to: .int64).int64s == [1])
  }
}
