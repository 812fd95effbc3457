import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct UnsqueezeTests {
  private let x = Tensor([3, 2], (0..<6).map { Float($0) })

  @Test("Unsqueeze inserts ones at axes of the result, from the attribute before opset 13")
  func axes() throws {
    #expect(try OperatorCase("Unsqueeze").run([x, Tensor([2], [0, -1] as [Int64])])[0].shape == [1, 3, 2, 1])
    #expect(try OperatorCase("Unsqueeze", opset: 11, ["axes": .ints([1])]).run([x])[0].shape == [3, 1, 2])
  }

  @Test("An axis given twice or outside is KDC2011, no axes KDC2012")
  func faults() {
    #expect(OperatorCase("Unsqueeze").fault([x, Tensor([2], [0, -4] as [Int64])])?.id == .invalidAttribute)
    #expect(OperatorCase("Unsqueeze").fault([x, Tensor([1], [3] as [Int64])])?.id == .invalidAttribute)
    #expect(OperatorCase("Unsqueeze").fault([x])?.id == .missingInput)
  }
}
