import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct DynamicQuantizeMatMulTests {
  @Test("A is rounded to a 255th of its range, B has its own steps")
  func values() throws {
    let op = OperatorCase("DynamicQuantizeMatMul", domain: "com.microsoft", opset: 1)
    // Steps of a 50th, so that 0.011 becomes 0.02.
    let a = Tensor([1, 3], [-1, 4.1, 0.011] as [Float])
    let b = Tensor([3, 2], .int8([1, 0, 0, 1, 100, 0]))
    let y = try op.run([
      a, b, Tensor([2], [1, 2] as [Float]), Tensor([2], .int8([0, 0])), Tensor([2], [0, 5] as [Float]),
    ])
    #expect(isClose(y[0], Tensor([1, 2], [1, 13.2] as [Float]), tolerance: 1e-4))
  }
}
