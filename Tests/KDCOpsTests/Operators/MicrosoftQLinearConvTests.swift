import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct MicrosoftQLinearConvTests {
  private static func scale(_ value: Float) -> Tensor { Tensor([], [value]) }
  private static func zero(_ value: UInt8) -> Tensor { Tensor([], .uint8([value])) }

  @Test("Channels at the end are what ONNX's operator computes of channels in front")
  func channelsLast() throws {
    func run(_ x: Tensor, _ op: OperatorCase) throws -> Tensor {
      try op.run([
        x, Self.scale(0.5), Self.zero(3), Tensor([2, 2, 1, 2], .int8([1, -1, 2, 0, 3, 1, -2, 1])), Self.scale(2),
        Tensor([], .int8([0])), Self.scale(1), Self.zero(100), Tensor([2], [3, 0] as [Int32]),
      ])[0]
    }
    // [1, 2, 2, 2], and the same with channels at the end.
    let first = Tensor([1, 2, 2, 2], .uint8([1, 2, 3, 4, 5, 6, 7, 8]))
    let last = Tensor([1, 2, 2, 2], .uint8([1, 5, 2, 6, 3, 7, 4, 8]))
    let expected = try run(first, OperatorCase("QLinearConv", opset: 10)).bytes ?? []
    let plain = try run(first, OperatorCase("QLinearConv", domain: "com.microsoft", opset: 1))
    #expect(plain.bytes == expected)
    let y = try run(last, OperatorCase("QLinearConv", domain: "com.microsoft", opset: 1, ["channels_last": .int(1)]))
    #expect(y.shape == [1, 2, 1, 2])
    #expect(y.bytes == [0, 2, 1, 3].map { expected[$0] })
  }

  @Test("A float image is KDC2015")
  func faults() {
    let op = OperatorCase("QLinearConv", domain: "com.microsoft", opset: 1)
    let inputs = [
      Tensor([1, 1, 1, 1], [1] as [Float]), Self.scale(1), Self.zero(0), Tensor([1, 1, 1, 1], .int8([1])),
      Self.scale(1),
      Tensor([], .int8([0])), Self.scale(1), Self.zero(0),
    ]
    #expect(op.fault(inputs)?.id == .typeMismatch)
  }
}
