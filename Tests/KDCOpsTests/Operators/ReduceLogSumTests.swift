import Foundation
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct ReduceLogSumTests {
  @Test("The logarithm of sums along an axis, or of all elements")
  func values() throws {
    let x = Tensor([2, 2], [1, 3, 0.5, 0.5] as [Float])
    let axis = Tensor([1], [1] as [Int64])
    let rows = try OperatorCase("ReduceLogSum", opset: 18, ["keepdims": .int(0)]).run([x, axis])[0]
    #expect(isClose(rows, Tensor([2], [log(4), 0] as [Float])))
    #expect(isClose(try OperatorCase("ReduceLogSum", opset: 18).run([x])[0], Tensor([1, 1], [log(5)] as [Float])))
  }

  @Test("A sum of no elements has the logarithm −∞")
  func empty() throws {
    let axis = Tensor([1], [1] as [Int64])
    let y = try OperatorCase("ReduceLogSum", opset: 18).run([Tensor([2, 0], [] as [Float]), axis])
    #expect(y[0].floats == [-.infinity, -.infinity])
  }
}
