import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct QGemmTests {
  private static let one = Tensor([], [1] as [Float])
  private static let zero = Tensor([], .uint8([0]))
  private static let a = Tensor([1, 2], .uint8([1, 2]))
  private static let b = Tensor([2, 2], .int8([1, 2, 3, -4]))
  private static let none = Tensor([2], .int8([0, 0]))

  @Test("alpha · A · Bᵀ + C, columns having scales of their own, quantised")
  func quantized() throws {
    let op = OperatorCase("QGemm", domain: "com.microsoft", opset: 1, ["transB": .int(1), "alpha": .float(2)])
    let y = try op.run([
      Self.a, Self.one, Self.zero, Self.b, Tensor([2], [1, 2] as [Float]), Self.none, Tensor([2], [1, 1] as [Int32]),
      Self.one, Tensor([], .uint8([100])),
    ])
    // 2 · (5 + 1), 2 · 2 · (−5 + 1)
    #expect(y[0].bytes == [112, 84])
  }

  @Test("Without a scale for it the result is float32")
  func reals() throws {
    let op = OperatorCase("QGemm", domain: "com.microsoft", opset: 1)
    let y = try op.run([Self.a, Self.one, Self.zero, Self.b, Self.one, Tensor([], .int8([0]))])
    #expect(y[0].floats == [7, -6])
  }
}
