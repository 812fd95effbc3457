import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct GreaterTests {
  @Test("Greater compares floats and integers with broadcasting")
  func values() throws {
    let expected = [false, false, true, false, false, true]
    let float = try OperatorCase("Greater").run([
      Tensor([2, 3], [1.0, 2.0, 3.0, 2.0, 1.0, 3.0] as [Float]), Tensor([], [2] as [Float]),
    ])[0]
    let integer = try OperatorCase("Greater").run([
      Tensor([2, 3], [1, 2, 3, 2, 1, 3] as [Int64]), Tensor([1], [2] as [Int64]),
    ])[0]
    for y in [float, integer] {
      guard case .bool(let values) = y.elements else {
        Issue.record("\(y.type)")
        continue
      }
      #expect(y.shape == [2, 3] && values == expected)
    }
  }

  @Test("Greater of different data types is KDC2015")
  func types() {
    #expect(
      OperatorCase("Greater").fault([Tensor([], [1] as [Float]), Tensor([], [1] as [Int64])])?.id == .typeMismatch)
    #expect(OperatorCase("Greater").fault([Tensor([1], [true]), Tensor([1], [true])])?.id == .typeMismatch)
  }
}
