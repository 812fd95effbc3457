import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct MatMulIntegerToFloatTests {
  @Test("The product of reals, and the bias")
  func values() throws {
    let op = OperatorCase("MatMulIntegerToFloat", domain: "com.microsoft", opset: 1)
    let a = Tensor([1, 2], .uint8([11, 12]))
    let b = Tensor([2, 2], .int8([1, 2, 3, 4]))
    let y = try op.run([
      a, b, Tensor([], [0.5] as [Float]), Tensor([2], [1, 2] as [Float]), Tensor([], .uint8([10])),
      Tensor([2], .int8([0, 1])), Tensor([2], [1, 1] as [Float]),
    ])
    // 0.5 · (1 + 6) + 1; 0.5 · 2 · (1 + 6) + 1
    #expect(y[0].floats == [4.5, 8])
  }
}
