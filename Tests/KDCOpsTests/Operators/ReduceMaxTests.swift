import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import KDCTestSupport
import Testing

@Suite struct ReduceMaxTests {
  @Test("ReduceMax is the largest element of each group")
  func groups() throws {
    let x = Tensor([3, 2], (1...6).map(Float.init))
    let first = OperatorCase("ReduceMax", opset: 13, ["axes": .ints([0]), "keepdims": .int(0)])
    #expect(try first.run([x])[0].floats == [5, 6])
    #expect(try OperatorCase("ReduceMax", opset: 18).run([Tensor([3], [1, -4, 9] as [Int64])])[0].int64s == [9])
  }

  @Test("An axis outside the input is KDC2011")
  func faults() {
    let reduce = OperatorCase("ReduceMax", opset: 13, ["axes": .ints([1])])
    #expect(reduce.fault([Tensor([1], [1] as [Float])])?.id == .invalidAttribute)
  }
}
