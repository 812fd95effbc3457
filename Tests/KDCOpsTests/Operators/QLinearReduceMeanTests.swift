import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct QLinearReduceMeanTests {
  @Test("The mean over an axis, which is kept")
  func values() throws {
    let x = Tensor([2, 2], .uint8([10, 12, 20, 24]))
    let y = try OperatorCase("QLinearReduceMean", domain: "com.microsoft", opset: 1, ["axes": .ints([1])]).run([
      x, Tensor([], [1] as [Float]), Tensor([], .uint8([10])), Tensor([], [0.5] as [Float]), Tensor([], .uint8([0])),
    ])
    #expect(y[0].type == TensorType(.uint8, [2, 1]))
    #expect(y[0].bytes == [2, 24])
  }
}
