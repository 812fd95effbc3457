import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct QLinearSoftmaxTests {
  @Test("Shares of exponentials, in steps of a 256th")
  func values() throws {
    let x = Tensor([1, 3], .uint8([10, 11, 12]))
    let y = try OperatorCase(
      "QLinearSoftmax", domain: "com.microsoft", opset: 1, ["axis": .int(-1), "opset": .int(13)]
    ).run([
      x, Tensor([], [0.5] as [Float]), Tensor([], .uint8([10])), Tensor([], [0.00390625] as [Float]),
      Tensor([], .uint8([0])),
    ])
    #expect(y[0].type == TensorType(.uint8, [1, 3]))
    #expect(y[0].bytes == [48, 79, 130])
  }

  @Test("Before version 13 the shares are of all axes from the given one on")
  func flattened() throws {
    let x = Tensor([1, 2, 2], .uint8([10, 10, 10, 10]))
    let op = OperatorCase("QLinearSoftmax", domain: "com.microsoft", opset: 1, ["axis": .int(1), "opset": .int(12)])
    let y = try op.run([
      x, Tensor([], [0.5] as [Float]), Tensor([], .uint8([10])), Tensor([], [0.00390625] as [Float]),
      Tensor([], .uint8([0])),
    ])
    #expect(y[0].bytes == [64, 64, 64, 64])
  }
}
