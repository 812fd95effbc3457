import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct QLinearConcatTests {
  private static let one = Tensor([], [1] as [Float])
  private static let half = Tensor([], [0.5] as [Float])
  private static let zero = Tensor([], .uint8([0]))

  @Test("Parts of different scales are joined in one")
  func values() throws {
    let op = OperatorCase("QLinearConcat", domain: "com.microsoft", opset: 1, ["axis": .int(0)])
    let y = try op.run([
      Self.half, Tensor([], .uint8([10])), Tensor([1], .uint8([3])), Self.one, Self.zero, Tensor([2], .uint8([4, 5])),
      Self.half, Tensor([], .uint8([1])),
    ])
    // 3; 1.5 and 2.
    #expect(y[0].bytes == [16, 13, 14])
  }

  @Test("A part without its zero point is KDC2014")
  func incomplete() {
    let op = OperatorCase("QLinearConcat", domain: "com.microsoft", opset: 1, ["axis": .int(0)])
    let part = Tensor([1], .uint8([3]))
    let fault = op.fault([Self.half, Self.zero, part, Self.one, Self.zero, part, Self.one])
    #expect(fault?.id == .shapeMismatch)
  }
}
