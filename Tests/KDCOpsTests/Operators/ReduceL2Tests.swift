import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import KDCTestSupport
import Testing

@Suite struct ReduceL2Tests {
  private let x = Tensor([2, 3], [3, -4, 0, 1, 2, -2] as [Float])

  @Test("ReduceL2 takes its axes as an input from opset 18 on, as an attribute before")
  func axes() throws {
    let axes = Tensor([1], [-1] as [Int64])
    #expect(try OperatorCase("ReduceL2", opset: 18).run([x, axes])[0].floats == [5, 3])
    #expect(try OperatorCase("ReduceL2", opset: 13, ["axes": .ints([1])]).run([x])[0].floats == [5, 3])
  }

  @Test("Without axes it is over all elements; integers stay integers")
  func all() throws {
    let y = try OperatorCase("ReduceL2", ["keepdims": .int(0)]).run([Tensor([2], [3, -4] as [Int64])])
    #expect(y[0].int64s == [5] && y[0].shape == [])
  }
}
