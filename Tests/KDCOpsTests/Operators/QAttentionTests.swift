import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct QAttentionTests {
  private static func scale(_ value: Float) -> Tensor { Tensor([], [value]) }
  private static func zero(_ value: UInt8) -> Tensor { Tensor([], .uint8([value])) }
  private let op = OperatorCase("QAttention", domain: "com.microsoft", opset: 1, ["num_heads": .int(1)])

  @Test("It is Attention of the reals that input and weights stand for, with the mask")
  func values() throws {
    let x = Tensor([1, 2, 1], .uint8([10, 14]))
    let weights = Tensor([1, 3], .uint8([7, 9, 11]))
    let bias = Tensor([3], [0.5, 0, 1] as [Float])
    for mask in [nil, Tensor([1, 2], [1, 0] as [Int32])] {
      let y = try op.run([
        x, weights, bias, Self.scale(0.25), Self.scale(0.5), mask, Self.zero(10), Self.zero(5),
      ])
      let reals = try OperatorCase("Attention", domain: "com.microsoft", ["num_heads": .int(1)]).run([
        Tensor([1, 2, 1], [0, 1] as [Float]), Tensor([1, 3], [1, 2, 3] as [Float]), bias, mask,
      ])
      #expect(isClose(y[0], reals[0]))
    }
  }

  @Test("A float input is KDC2015")
  func faults() {
    let (x, scale) = (Tensor([1, 1, 1], [1] as [Float]), Tensor([], [1] as [Float]))
    let inputs = [x, Tensor([1, 3], .int8([1, 2, 3])), Tensor([3], [0, 0, 0] as [Float]), scale, scale]
    #expect(op.fault(inputs)?.id == .typeMismatch)
  }
}
