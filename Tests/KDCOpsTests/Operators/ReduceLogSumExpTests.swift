import Foundation
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct ReduceLogSumExpTests {
  @Test("Large elements do not overflow, and infinite ones are kept")
  func large() throws {
    let axis = Tensor([1], [1] as [Int64])
    let inf = Float.infinity
    let x = Tensor([3, 2], [1000, 1000, -inf, -inf, inf, 0] as [Float])
    let y = try OperatorCase("ReduceLogSumExp", opset: 18, ["keepdims": .int(0)]).run([x, axis])[0]
    #expect(isClose(y, Tensor([3], [1000 + log(2), -inf, inf] as [Float])))
  }

  @Test("Axes that are an attribute, all axes, and none")
  func axes() throws {
    let x = Tensor([2, 1], [0, 0] as [Float])
    let y = try OperatorCase("ReduceLogSumExp", opset: 13, ["axes": .ints([0])]).run([x])[0]
    #expect(isClose(y, Tensor([1, 1], [log(2)] as [Float])))
    #expect(isClose(try OperatorCase("ReduceLogSumExp").run([x])[0], Tensor([1, 1], [log(2)] as [Float])))
    let none = OperatorCase("ReduceLogSumExp", opset: 18, ["noop_with_empty_axes": .int(1)])
    #expect(try none.run([x])[0].floats == [0, 0])
  }
}
