import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct AttentionTests {
  private static let q = Tensor([1, 2, 1, 1], [1, 2] as [Float])
  private static let k = Tensor([1, 1, 2, 1], [0, 1] as [Float])
  private static let v = Tensor([1, 1, 2, 1], [0, 1] as [Float])
  /// 1 / (1 + e^−x): the weight of the second key where the scores are 0 and x.
  private static let expected = Tensor([1, 2, 1, 1], [0.7310586, 0.8807971] as [Float])

  private func attention(_ attributes: [String: Attribute] = [:], outputs: Int = 1) -> OperatorCase {
    var result = OperatorCase("Attention", opset: 23, attributes)
    result.node.outputs = (0..<outputs).map { "y\($0)" }
    return result
  }

  @Test("Two heads of queries share one of keys")
  func grouped() throws {
    let results = try attention(["scale": .float(1)]).run([Self.q, Self.k, Self.v])
    #expect(isClose(results[0], Self.expected))
    #expect(results[1].floats == [0, 1] && results[3].floats == [0, 1, 0, 2])
  }

  @Test("Heads in the features give the same; masks say, or add, what does not count")
  func flat() throws {
    let attributes: [String: Attribute] = ["scale": .float(1), "q_num_heads": .int(2), "kv_num_heads": .int(1)]
    let (q, k) = (Self.q.reshaped(to: [1, 1, 2]), Self.k.reshaped(to: [1, 2, 1]))
    let y = try attention(attributes).run([q, k, k])[0]
    #expect(isClose(y, Self.expected.reshaped(to: [1, 1, 2])))
    let mask = Tensor([1, 2], [true, false])
    #expect(try attention(attributes).run([q, k, k, mask])[0].floats == [0, 0])
    let short = Tensor([1, 1], [0] as [Float])
    #expect(try attention(attributes).run([q, k, k, short])[0].floats == [0, 0])
    #expect(try attention(attributes.merging(["is_causal": .int(1)]) { $1 }).run([q, k, k])[0].floats == [0, 0])
  }

  @Test("Earlier keys come first, and are seen by causal queries; scores after each stage")
  func past() throws {
    let one = Tensor([1, 1, 1, 1], [1] as [Float])
    let zero = Tensor([1, 1, 1, 1], [0] as [Float])
    for (mode, scores) in [(0, [0, 1]), (1, [0, 1]), (2, [0, 0.7615942]), (3, [0.3183003, 0.6816997])]
      as [(Int, [Float])]
    {
      let attributes: [String: Attribute] = [
        "scale": .float(1), "is_causal": .int(1), "qk_matmul_output_mode": .int(Int64(mode)), "softcap": .float(1),
      ]
      let results = try attention(attributes, outputs: 4).run([one, one, one, nil, zero, zero])
      #expect(isClose(results[3], Tensor([1, 1, 1, 2], scores)))
      #expect(results[1].floats == [0, 1] && results[2].floats == [0, 1])
      #expect(isClose(results[0], Tensor([1, 1, 1, 1], [0.6816997] as [Float])))
    }
  }

  @Test("Heads that do not share keys evenly are KDC2014")
  func uneven() {
    let three = Tensor([1, 3, 1, 1], [1, 2, 3] as [Float])
    let two = Tensor([1, 2, 1, 1], [1, 2] as [Float])
    #expect(attention().fault([three, two, two])?.id == .shapeMismatch)
  }
}
