import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct MaxUnpoolTests {
  private static let x = Tensor([1, 1, 1, 2], [5, 8] as [Float])
  private static let indices = Tensor([1, 1, 1, 2], [1, 6] as [Int64])
  private static let attributes: [String: Attribute] = ["kernel_shape": .ints([2, 2]), "strides": .ints([2, 2])]

  @Test("MaxUnpool puts elements back to where they were, in zeros")
  func values() throws {
    let y = try OperatorCase("MaxUnpool", opset: 11, Self.attributes).run([Self.x, Self.indices])[0]
    #expect(y.shape == [1, 1, 2, 4])
    #expect(y.floats == [0, 5, 0, 0, 0, 0, 8, 0])
  }

  @Test("A larger output has zeros behind; a smaller one is KDC2014")
  func outputShape() throws {
    let op = OperatorCase("MaxUnpool", opset: 11, Self.attributes)
    let y = try op.run([Self.x, Self.indices, Tensor([4], [1, 1, 2, 5] as [Int64])])[0]
    #expect(y.floats == [0, 5, 0, 0, 0, 0, 0, 8, 0, 0])
    #expect(op.fault([Self.x, Self.indices, Tensor([4], [1, 1, 1, 5] as [Int64])])?.id == .shapeMismatch)
  }
}
