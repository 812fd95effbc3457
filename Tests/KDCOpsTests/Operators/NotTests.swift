import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct NotTests {
  @Test("Not negates bool and takes nothing else")
  func table() throws {
    let y = try OperatorCase("Not").run([Tensor([2], [true, false])])[0]
    guard case .bool(let values) = y.elements else { throw InternalError("\(y.type)") }
    #expect(values == [false, true])
    #expect(OperatorCase("Not").fault([Tensor([], [1] as [Float])])?.id == .typeMismatch)
  }
}
