import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct QLinearWhereTests {
  private static func scale(_ value: Float) -> Tensor { Tensor([], [value]) }
  private static func zero(_ value: UInt8) -> Tensor { Tensor([], .uint8([value])) }
  private let op = OperatorCase("QLinearWhere", domain: "com.microsoft", opset: 1)

  @Test("Each operand counts in its own units, and the result in a third")
  func values() throws {
    // 0.5 · (12 − 10) = 1 where true, 2 · (5 − 3) = 4 elsewhere; units of 0.25 around 100.
    let y = try op.run([
      Tensor([3], [true, false, true]), Tensor([1], .uint8([12])), Self.scale(0.5), Self.zero(10),
      Tensor([3], .uint8([5, 5, 9])), Self.scale(2), Self.zero(3), Self.scale(0.25), Self.zero(100),
    ])
    #expect(y[0].type == TensorType(.uint8, [3]))
    #expect(y[0].bytes == [104, 116, 104])
  }

  @Test("Float operands are KDC2015")
  func faults() {
    let x = Tensor([1], [1] as [Float])
    let inputs = [
      Tensor([1], [true]), x, Self.scale(1), Self.zero(0), x, Self.scale(1), Self.zero(0), Self.scale(1), Self.zero(0),
    ]
    #expect(op.fault(inputs)?.id == .typeMismatch)
  }
}
