import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct QLinearConvTests {
  private static func scale(_ value: Float) -> Tensor { Tensor([], [value]) }
  private static func zero(_ value: UInt8) -> Tensor { Tensor([], .uint8([value])) }

  @Test("Reals of image, weights and bias are convolved, and the result quantised")
  func values() throws {
    // 0.5 · [1, 2, 3] by 2 · [1, −1] for two output channels of one column, and a bias of 3 units of 0.5 · 2.
    let x = Tensor([1, 1, 1, 3], .uint8([11, 12, 13]))
    let w = Tensor([2, 1, 1, 1], .int8([1, -1]))
    let y = try OperatorCase("QLinearConv", opset: 10).run([
      x, Self.scale(0.5), Self.zero(10), w, Tensor([2], [2, 4] as [Float]), Tensor([2], .int8([0, 0])), Self.scale(0.5),
      Self.zero(100), Tensor([2], [3, 0] as [Int32]),
    ])
    // 1, 2, 3 and the bias 3; −2, −4, −6.
    #expect(y[0].type == TensorType(.uint8, [1, 2, 1, 3]))
    #expect(y[0].bytes == [108, 110, 112, 96, 92, 88])
  }

  @Test("A float image is KDC2015, channels_last is not supported")
  func faults() {
    let x = Tensor([1, 1, 1, 1], [1] as [Float])
    let inputs = [
      x, Self.scale(1), Self.zero(0), Tensor([1, 1, 1, 1], .int8([1])), Self.scale(1), Tensor([], .int8([0])),
      Self.scale(1),
      Self.zero(0),
    ]
    #expect(OperatorCase("QLinearConv", opset: 10).fault(inputs)?.id == .typeMismatch)
    let last = OperatorCase("QLinearConv", opset: 10, ["channels_last": .int(1)])
    #expect(last.fault(inputs)?.id == .unsupportedAttribute)
  }
}
