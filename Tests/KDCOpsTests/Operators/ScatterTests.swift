import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct ScatterTests {
  @Test("Scatter replaces elements along its axis, also as a program")
  func values() throws {
    let op = OperatorCase("Scatter", opset: 9, ["axis": .int(0)])
    let inputs = [
      Tensor([3, 2], [1, 2, 3, 4, 5, 6] as [Float]), Tensor([1, 2], [2, 0] as [Int64]),
      Tensor([1, 2], [7, 8] as [Float]),
    ]
    #expect(try op.run(inputs)[0].floats == [1, 8, 3, 4, 7, 6])
    #expect(try op.lowered(inputs)[0].floats == [1, 8, 3, 4, 7, 6])
  }
}
