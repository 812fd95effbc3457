import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct SqueezeTests {
  private let x = Tensor([1, 3, 1, 2], (0..<6).map { Float($0) })

  @Test("Squeeze removes all ones, or those at its axes, from the attribute before opset 13")
  func axes() throws {
    #expect(try OperatorCase("Squeeze").run([x])[0].shape == [3, 2])
    #expect(try OperatorCase("Squeeze").run([x, Tensor([1], [-2] as [Int64])])[0].shape == [1, 3, 2])
    #expect(try OperatorCase("Squeeze", opset: 11, ["axes": .ints([0])]).run([x])[0].shape == [3, 1, 2])
  }

  @Test("Squeezing a dimension that is not 1 is KDC2014")
  func misfit() {
    #expect(OperatorCase("Squeeze").fault([x, Tensor([1], [1] as [Int64])])?.id == .shapeMismatch)
    #expect(OperatorCase("Squeeze").fault([x, Tensor([1], [4] as [Int64])])?.id == .invalidAttribute)
  }
}
