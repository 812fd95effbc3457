import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct QLinearAveragePoolTests {
  @Test("The mean of each window")
  func values() throws {
    let x = Tensor([1, 1, 1, 4], .uint8([10, 12, 20, 24]))
    let y = try OperatorCase(
      "QLinearAveragePool", domain: "com.microsoft", opset: 1,
      ["kernel_shape": .ints([1, 2]), "strides": .ints([1, 2])]
    ).run([
      x, Tensor([], [1] as [Float]), Tensor([], .uint8([10])), Tensor([], [0.5] as [Float]), Tensor([], .uint8([0])),
    ])
    #expect(y[0].type == TensorType(.uint8, [1, 1, 1, 2]))
    #expect(y[0].bytes == [2, 24])
  }
}
