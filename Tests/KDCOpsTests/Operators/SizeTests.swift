import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct SizeTests {
  @Test("Size counts the elements, and is known from the type alone")
  func counts() throws {
    #expect(try OperatorCase("Size").run([Tensor([2, 3], [Float](repeating: 0, count: 6))])[0].int64s == [6])
    let op = try #require(try Operators.decode(OperatorCase("Size").node) as? any TypeDetermined)
    #expect(try op.outputs(forTypes: [OperatorInput(type: TensorType(.float32, [5, 6]))])[0].int64s == [30])
  }
}
