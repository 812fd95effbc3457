import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct XorTests {
  @Test("Xor has its truth table, with broadcasting, and takes only bool")
  func table() throws {
    let y = try OperatorCase("Xor").run([Tensor([2, 1], [true, false]), Tensor([2], [true, false])])[0]
    guard case .bool(let values) = y.elements else { throw InternalError("\(y.type)") }
    #expect(y.shape == [2, 2] && values == [false, true, true, false])
    #expect(OperatorCase("Xor").fault([Tensor([], [1] as [Float]), Tensor([], [1] as [Float])])?.id == .typeMismatch)
  }
}
