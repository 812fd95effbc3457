import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct OrTests {
  @Test("Or has its truth table, with broadcasting, and takes only bool")
  func table() throws {
    let y = try OperatorCase("Or").run([Tensor([2, 1], [true, false]), Tensor([2], [true, false])])[0]
    guard case .bool(let values) = y.elements else { throw InternalError("\(y.type)") }
    #expect(y.shape == [2, 2] && values == [true, true, true, false])
    #expect(OperatorCase("Or").fault([Tensor([], [1] as [Float]), Tensor([], [1] as [Float])])?.id == .typeMismatch)
  }
}
