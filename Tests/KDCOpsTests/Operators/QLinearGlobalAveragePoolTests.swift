import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct QLinearGlobalAveragePoolTests {
  @Test("The mean of each channel")
  func values() throws {
    let x = Tensor([1, 2, 1, 2], .uint8([10, 12, 20, 24]))
    let y = try OperatorCase("QLinearGlobalAveragePool", domain: "com.microsoft", opset: 1).run([
      x, Tensor([], [1] as [Float]), Tensor([], .uint8([10])), Tensor([], [0.5] as [Float]), Tensor([], .uint8([0])),
    ])
    #expect(y[0].type == TensorType(.uint8, [1, 2, 1, 1]))
    #expect(y[0].bytes == [2, 24])
  }

  @Test("Channels may come last")
  func channelsLast() throws {
    let x = Tensor([1, 1, 2, 2], .uint8([10, 20, 12, 24]))
    let op = OperatorCase("QLinearGlobalAveragePool", domain: "com.microsoft", opset: 1, ["channels_last": .int(1)])
    let one = Tensor([], [1] as [Float])
    let zero = Tensor([], .uint8([0]))
    let y = try op.run([x, one, zero, one, zero])
    #expect(y[0].type == TensorType(.uint8, [1, 1, 1, 2]))
    #expect(y[0].bytes == [11, 22])
  }
}
