import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct QLinearMatMulTests {
  private static func scale(_ value: Float) -> Tensor { Tensor([], [value]) }
  private static func zero(_ value: UInt8) -> Tensor { Tensor([], .uint8([value])) }

  @Test("Rows of a and columns of b may have scales of their own")
  func values() throws {
    let a = Tensor([2, 2], .uint8([1, 2, 3, 4]))
    let b = Tensor([2, 1], .int8([1, -1]))
    let scales = Tensor([2], [1, 2] as [Float])
    let y = try OperatorCase("QLinearMatMul", opset: 21).run([
      a, scales, Tensor([2], .uint8([0, 1])), b, Self.scale(3), Tensor([], .int8([0])), Self.scale(1), Self.zero(10),
    ])
    // (1 − 2) · 3, and 2 · (2 − 3) · 3.
    #expect(y[0].bytes == [7, 4])
  }
}
