import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct RotaryEmbeddingTests {
  /// A quarter of a turn at position 1, none at 0.
  private static let cosines = Tensor([2, 1], [1, 0] as [Float])
  private static let sines = Tensor([2, 1], [0, 1] as [Float])
  private static let x = Tensor([1, 1, 2, 4], [1, 2, 3, 4, 5, 6, 7, 8] as [Float])

  @Test("Features of the first rotary_embedding_dim turn, pairs being halves or neighbours")
  func turns() throws {
    let positions = Tensor([1, 2], [0, 1] as [Int64])
    let half = OperatorCase("RotaryEmbedding", opset: 23, ["rotary_embedding_dim": .int(2)])
    #expect(try half.run([Self.x, Self.cosines, Self.sines, positions])[0].floats == [1, 2, 3, 4, -6, 5, 7, 8])
    let (cosines, sines) = (Tensor([1, 2, 2], [1, 1, 0, 0] as [Float]), Tensor([1, 2, 2], [0, 0, 1, 1] as [Float]))
    let halves = try OperatorCase("RotaryEmbedding", opset: 23).run([Self.x, cosines, sines])[0]
    #expect(halves.floats == [1, 2, 3, 4, -7, -8, 5, 6])
    let pairs = OperatorCase("RotaryEmbedding", opset: 23, ["interleaved": .int(1)])
    #expect(try pairs.run([Self.x, cosines, sines])[0].floats == [1, 2, 3, 4, -6, 5, -8, 7])
  }

  @Test("Rank 3 needs num_heads")
  func heads() throws {
    let x = Tensor([1, 2, 4], [1, 2, 3, 4, 5, 6, 7, 8] as [Float])
    let (cosines, sines) = (Tensor([1, 2, 1], [1, 0] as [Float]), Tensor([1, 2, 1], [0, 1] as [Float]))
    #expect(OperatorCase("RotaryEmbedding", opset: 23).fault([x, cosines, sines])?.id == .shapeMismatch)
    let two = OperatorCase("RotaryEmbedding", opset: 23, ["num_heads": .int(2)])
    #expect(try two.run([x, cosines, sines])[0].floats == [1, 2, 3, 4, -6, 5, -8, 7])
  }
}
