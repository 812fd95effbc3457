import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct FusedRotaryEmbeddingTests {
  private static let cosines = Tensor([3, 1], [1, 0, 1] as [Float])
  private static let sines = Tensor([3, 1], [0, 1, 0] as [Float])

  @Test("One position is that of the first element; tables say the size of heads")
  func offset() throws {
    let x = Tensor([1, 2, 4], [1, 2, 3, 4, 5, 6, 7, 8] as [Float])
    let rotary = OperatorCase("RotaryEmbedding", domain: "com.microsoft")
    let y = try rotary.run([x, Tensor([1], [1] as [Int64]), Self.cosines, Self.sines])[0]
    #expect(y.floats == [-2, 1, -4, 3, 5, 6, 7, 8])
    let z = try rotary.run([x, Tensor([1, 2], [0, 1] as [Int64]), Self.cosines, Self.sines])[0]
    #expect(z.floats == [1, 2, 3, 4, -6, 5, -8, 7])
  }

  @Test("Packed batches are KDC2013")
  func packed() {
    let packed = OperatorCase("RotaryEmbedding", domain: "com.microsoft", ["is_packed_batching": .int(1)])
    #expect(packed.fault([nil])?.id == .unsupportedAttribute)
  }
}
