import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct ConvIntegerTests {
  @Test("Sums of products of what is left of the zero points")
  func values() throws {
    let x = Tensor([1, 1, 1, 3], .uint8([2, 3, 4]))
    let w = Tensor([1, 1, 1, 2], .uint8([1, 1]))
    let y = try OperatorCase("ConvInteger", opset: 10).run([x, w, Tensor([], .uint8([1]))])
    #expect(y[0].type == TensorType(.int32, [1, 1, 1, 2]))
    #expect(y[0].cast(to: .int64).int64s == [3, 5])
  }

  @Test("Sums that float32 has not exactly are exact")
  func large() throws {
    let (channels, edge) = (64, 3)
    let count = channels * edge * edge
    let x = Tensor([1, channels, edge, edge], .uint8((0..<count).map { UInt8(200 + $0 % 56) }))
    let w = Tensor([1, channels, edge, edge], .uint8((0..<count).map { UInt8(255 - $0 % 7) }))
    let sum = (0..<count).reduce(0) { $0 + (200 + $1 % 56) * (255 - $1 % 7) }
    #expect(sum > 1 << 24)
    #expect(try OperatorCase("ConvInteger", opset: 10).run([x, w])[0].cast(to: .int64).int64s == [Int64(sum)])
  }
}
