import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct MultiHeadAttentionTests {
  private static let q = Tensor([1, 1, 2], [1, 2] as [Float])
  private static let k = Tensor([1, 2, 2], [0, 0, 1, 1] as [Float])
  private static let expected = Tensor([1, 1, 2], [0.7310586, 0.8807971] as [Float])

  private func attention() -> OperatorCase {
    OperatorCase("MultiHeadAttention", domain: "com.microsoft", ["num_heads": .int(2)])
  }

  @Test("Operands apart, keys with values, and heads in an axis give the same")
  func layouts() throws {
    #expect(isClose(try attention().run([Self.q, Self.k, Self.k])[0], Self.expected))
    let packed = Tensor([1, 2, 2, 2, 1], [0, 0, 0, 0, 1, 1, 1, 1] as [Float])
    #expect(isClose(try attention().run([Self.q, packed])[0], Self.expected))
    let heads = Tensor([1, 2, 2, 1], [0, 1, 0, 1] as [Float])
    #expect(isClose(try attention().run([Self.q, heads, heads])[0], Self.expected))
  }

  @Test("The bias is of queries, keys and values; the mask says which keys count")
  func terms() throws {
    let bias = Tensor([6], [1, 2, 0, 0, 0, 0] as [Float])
    let zero = Tensor([1, 1, 2], [0, 0] as [Float])
    #expect(isClose(try attention().run([zero, Self.k, Self.k, bias])[0], Self.expected))
    let mask = Tensor([1, 2], [0, 1] as [Int32])
    #expect(try attention().run([Self.q, Self.k, Self.k, nil, mask])[0].floats == [1, 1])
  }

  @Test("Features that are no heads are KDC2014")
  func uneven() {
    let three = Tensor([1, 1, 3], [1, 2, 3] as [Float])
    #expect(attention().fault([three, three, three])?.id == .shapeMismatch)
  }
}
