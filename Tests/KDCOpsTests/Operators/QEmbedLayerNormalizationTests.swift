import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct QEmbedLayerNormalizationTests {
  @Test("It is EmbedLayerNormalization of the reals that the tables stand for, with segments or without")
  func values() throws {
    func table(_ shape: Shape, _ values: [UInt8]) -> (bytes: Tensor, reals: Tensor) {
      (Tensor(shape, .uint8(values)), Tensor(shape, values.map { 0.5 * (Float($0) - 4) }))
    }
    let words = table([3, 2], [4, 4, 6, 10, 8, 24])
    let positions = table([2, 2], [4, 4, 6, 6])
    let segments = table([2, 2], [4, 4, 4, 2])
    let (gamma, beta) = (table([2], [6, 8]), table([2], [4, 14]))
    let ids = Tensor([1, 2], [1, 2] as [Int32])
    for hasSegments in [true, false] {
      let own: [Tensor?] = hasSegments ? [Tensor([1, 2], [0, 1] as [Int32]), segments.bytes] : [nil, nil]
      let scales = [Tensor?](repeating: Tensor([], [0.5 as Float]), count: 5)
      let zeros = [Tensor?](repeating: Tensor([], .uint8([4])), count: 5)
      let y = try OperatorCase("QEmbedLayerNormalization", domain: "com.microsoft", opset: 1).run(
        [ids, own[0], words.bytes, positions.bytes, own[1], gamma.bytes, beta.bytes, nil] + scales + zeros)
      let reals = try OperatorCase("EmbedLayerNormalization", domain: "com.microsoft", opset: 1).run([
        ids, own[0], words.reals, positions.reals, hasSegments ? segments.reals : nil, gamma.reals, beta.reals,
      ])
      #expect(isClose(y[0], reals[0]))
    }
  }
}
