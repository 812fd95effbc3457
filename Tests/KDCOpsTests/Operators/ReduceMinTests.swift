import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import KDCTestSupport
import Testing

@Suite struct ReduceMinTests {
  @Test("ReduceMin is the smallest element of each group")
  func groups() throws {
    let x = Tensor([3, 2], (1...6).map(Float.init))
    let first = OperatorCase("ReduceMin", opset: 13, ["axes": .ints([0]), "keepdims": .int(0)])
    #expect(try first.run([x])[0].floats == [1, 2])
    #expect(try OperatorCase("ReduceMin", opset: 18).run([Tensor([3], [1, -4, 9] as [Int64])])[0].int64s == [-4])
  }

  @Test("An axis outside the input is KDC2011")
  func faults() {
    let reduce = OperatorCase("ReduceMin", opset: 13, ["axes": .ints([1])])
    #expect(reduce.fault([Tensor([1], [1] as [Float])])?.id == .invalidAttribute)
  }
}
