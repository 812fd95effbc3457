import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct NonZeroTests {
  @Test("NonZero gives the places of what is not 0")
  func values() throws {
    let x = Tensor([2, 2], [1, 0, -0.0, 3] as [Float])
    let y = try OperatorCase("NonZero").run([x])[0]
    #expect(y.shape == [2, 2])
    #expect(y.int64s == [0, 1, 0, 1])
  }

  @Test("An input that is computed from data is KDC2016")
  func computed() throws {
    let op = try Operators.decode(OperatorCase("NonZero").node)
    #expect(throws: Diagnostic.self) { try op.outputTypes([OperatorInput(type: TensorType(.float32, [2]))]) }
  }
}
