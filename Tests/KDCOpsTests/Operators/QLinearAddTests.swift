import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct QLinearAddTests {
  @Test("The sum of reals, in the result's steps")
  func values() throws {
    let scale = Tensor([], [0.5] as [Float])
    let zero = Tensor([], .uint8([10]))
    // 2 and −1; 3.
    let a = Tensor([2], .uint8([14, 8]))
    let b = Tensor([1], .uint8([16]))
    let y = try OperatorCase("QLinearAdd", domain: "com.microsoft", opset: 1).run([
      a, scale, zero, b, scale, zero, scale, zero,
    ])
    #expect(y[0].bytes == [20, 14])
    // Without its zero point, 0.
    let plain = try OperatorCase("QLinearAdd", domain: "com.microsoft", opset: 1).run([
      a, scale, zero, b, scale, zero, scale,
    ])
    #expect(plain[0].bytes == [10, 4])
  }
}
