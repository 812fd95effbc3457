import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct DeformConvTests {
  private static let x = Tensor([1, 1, 3, 3], (1...9).map { Float($0) })
  private static let weights = Tensor([1, 1, 2, 2], [1, 1, 1, 1] as [Float])

  @Test("Without offsets it is a convolution; an offset moves a tap between elements, a mask weighs it")
  func offsets() throws {
    let op = OperatorCase("DeformConv", opset: 19)
    var offsets = [Float](repeating: 0, count: 32)
    #expect(
      isClose(
        try op.run([Self.x, Self.weights, Tensor([1, 8, 2, 2], offsets)])[0],
        Tensor([1, 1, 2, 2], [12, 16, 24, 28] as [Float])))
    // The first tap of the first place half a row down.
    offsets[0] = 0.5
    #expect(
      isClose(
        try op.run([Self.x, Self.weights, Tensor([1, 8, 2, 2], offsets)])[0],
        Tensor([1, 1, 2, 2], [13.5, 16, 24, 28] as [Float])))
    var mask = [Float](repeating: 1, count: 16)
    mask[0] = 0
    let inputs = [
      Self.x, Self.weights, Tensor([1, 8, 2, 2], offsets), Tensor([1], [100] as [Float]), Tensor([1, 4, 2, 2], mask),
    ]
    #expect(isClose(try op.run(inputs)[0], Tensor([1, 1, 2, 2], [111, 116, 124, 128] as [Float])))
  }

  @Test("Offsets of another shape are KDC2014")
  func badShape() {
    #expect(
      OperatorCase("DeformConv", opset: 19).fault([Self.x, Self.weights, Self.x])?.id == .shapeMismatch)
  }
}
