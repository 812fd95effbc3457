import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct QLinearSigmoidTests {
  @Test("The sigmoid of reals, in steps of a 256th")
  func values() throws {
    let x = Tensor([5], .uint8([0, 10, 12, 20, 255]))
    let y = try OperatorCase("QLinearSigmoid", domain: "com.microsoft", opset: 1).run([
      x, Tensor([], [0.5] as [Float]), Tensor([], .uint8([10])), Tensor([], [0.00390625] as [Float]),
      Tensor([], .uint8([0])),
    ])
    #expect(y[0].type == TensorType(.uint8, [5]))
    #expect(y[0].bytes == [2, 128, 187, 254, 255])
  }
}
