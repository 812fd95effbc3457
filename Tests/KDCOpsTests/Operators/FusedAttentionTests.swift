import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct FusedAttentionTests {
  private static let x = Tensor([1, 2, 1], [0, 1] as [Float])
  /// Queries, keys and values are the input.
  private static let weights = Tensor([1, 3], [1, 1, 1] as [Float])
  private static let bias = Tensor([3], [0, 0, 1] as [Float])
  private static let sigmoid: Float = 0.7310586

  private func attention(_ attributes: [String: Attribute] = [:]) -> OperatorCase {
    OperatorCase("Attention", domain: "com.microsoft", ["num_heads": .int(1)].merging(attributes) { $1 })
  }

  @Test("Projections and their bias, and attention to all keys or to earlier ones")
  func values() throws {
    let all = try attention().run([Self.x, Self.weights, Self.bias])[0]
    #expect(isClose(all, Tensor([1, 2, 1], [1.5, 1 + Self.sigmoid])))
    let causal = try attention(["unidirectional": .int(1)]).run([Self.x, Self.weights, nil])[0]
    #expect(isClose(causal, Tensor([1, 2, 1], [0, Self.sigmoid])))
  }

  @Test("Masks by element and by length are the same; keys that do not count have weight 0")
  func masks() throws {
    let byElement = try attention().run([Self.x, Self.weights, nil, Tensor([1, 2], [1, 0] as [Int32])])[0]
    let byLength = try attention().run([Self.x, Self.weights, nil, Tensor([1], [1] as [Int32])])[0]
    let byRange = try attention().run([Self.x, Self.weights, nil, Tensor([2], [2, 1] as [Int32])])[0]
    #expect(byElement.floats == [0, 0] && byLength.floats == [0, 0] && byRange.floats == [1, 1])
  }

  @Test("The past is returned with the new keys and values")
  func past() throws {
    let past = Tensor([2, 1, 1, 1, 1], [5, 7] as [Float])
    let results = try attention().run([Self.x, Self.weights, nil, nil, past])
    #expect(results[1].shape == [2, 1, 1, 3, 1] && results[1].floats == [5, 0, 1, 7, 0, 1])
  }

  @Test("Weights that do not make three parts of heads are KDC2014")
  func parts() {
    let two = Tensor([1, 2], [1, 1] as [Float])
    #expect(attention().fault([Self.x, two])?.id == .shapeMismatch)
  }
}
