import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct MatMulIntegerTests {
  @Test("Zero points of rows and of columns")
  func values() throws {
    let a = Tensor([2, 2], .uint8([1, 2, 3, 4]))
    let b = Tensor([2, 2], .int8([1, 2, 3, 4]))
    let op = OperatorCase("MatMulInteger", opset: 10)
    let y = try op.run([a, b, Tensor([2], .uint8([1, 3])), Tensor([2], .int8([1, 2]))])
    // [0, 1; 0, 1] · [0, 0; 2, 2]
    #expect(y[0].cast(to: .int64).int64s == [2, 2, 2, 2])
    #expect(try op.run([a, b])[0].cast(to: .int64).int64s == [7, 10, 15, 22])
  }

  @Test("Sums that float32 has not exactly are exact, below 0 too")
  func large() throws {
    let depth = 600
    let a = Tensor([1, depth], .uint8((0..<depth).map { UInt8($0 % 3) }))
    let b = Tensor([depth, 1], .uint8((0..<depth).map { UInt8(250 + $0 % 5) }))
    let zero = Tensor([], .uint8([255]))
    let sum = (0..<depth).reduce(0) { $0 + ($1 % 3 - 255) * (250 + $1 % 5) }
    #expect(abs(sum) > 1 << 24)
    #expect(try OperatorCase("MatMulInteger", opset: 10).run([a, b, zero])[0].cast(to: .int64).int64s == [Int64(sum)])
  }
}
