import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct QLinearLeakyReluTests {
  @Test("A tenth of what is below 0")
  func values() throws {
    let x = Tensor([3], .uint8([0, 10, 12]))
    let y = try OperatorCase("QLinearLeakyRelu", domain: "com.microsoft", opset: 1, ["alpha": .float(0.1)]).run([
      x, Tensor([], [0.5] as [Float]), Tensor([], .uint8([10])), Tensor([], [0.25] as [Float]),
      Tensor([], .uint8([50])),
    ])
    #expect(y[0].type == TensorType(.uint8, [3]))
    #expect(y[0].bytes == [48, 50, 54])
  }
}
