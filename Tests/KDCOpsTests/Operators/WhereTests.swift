import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct WhereTests {
  @Test("Where picks from either side, all three broadcast")
  func picks() throws {
    let y = try OperatorCase("Where").run([
      Tensor([2, 1], [true, false]), Tensor([3], [1, 2, 3] as [Float]), Tensor([], [9] as [Float]),
    ])
    #expect(y[0].shape == [2, 3] && y[0].floats == [1, 2, 3, 9, 9, 9])
  }

  @Test("Where needs a bool condition and one data type")
  func faults() {
    let (x, n) = (Tensor([], [1] as [Float]), Tensor([], [1] as [Int64]))
    #expect(OperatorCase("Where").fault([n, x, x])?.id == .typeMismatch)
    #expect(OperatorCase("Where").fault([Tensor([1], [true]), x, n])?.id == .typeMismatch)
  }
}
