import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import KDCTestSupport
import Testing

@Suite struct ReduceSumTests {
  private let x = Tensor([2, 3], (1...6).map(Float.init))

  @Test("ReduceSum takes its axes as an input from opset 13 on")
  func axes() throws {
    let axes = Tensor([1], [-1] as [Int64])
    #expect(try OperatorCase("ReduceSum", opset: 13).run([x, axes])[0].floats == [6, 15])
    #expect(try OperatorCase("ReduceSum", opset: 11, ["axes": .ints([0])]).run([x])[0].floats == [5, 7, 9])
  }

  @Test("Without axes it sums all, or nothing with noop_with_empty_axes")
  func noAxes() throws {
    #expect(try OperatorCase("ReduceSum").run([x])[0].floats == [21])
    #expect(try OperatorCase("ReduceSum", ["noop_with_empty_axes": .int(1)]).run([x])[0].floats == x.floats)
  }

  @Test("ReduceSum sums integers and empty groups")
  func integers() throws {
    #expect(try OperatorCase("ReduceSum").run([Tensor([2], [3, 4] as [Int64])])[0].int64s == [7])
    let empty = OperatorCase("ReduceSum", opset: 11, ["axes": .ints([1]), "keepdims": .int(0)])
    #expect(try empty.run([Tensor([2, 0], [] as [Float])])[0].floats == [0, 0])
  }

  @Test("A type that cannot be summed is KDC2015")
  func types() {
    #expect(OperatorCase("ReduceSum").fault([Tensor([1], [true])])?.id == .typeMismatch)
  }
}
