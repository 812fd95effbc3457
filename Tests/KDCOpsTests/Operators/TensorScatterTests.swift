import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct TensorScatterTests {
  private static let cache = Tensor([2, 3, 1], [1, 2, 3, 4, 5, 6] as [Float])
  private static let update = Tensor([2, 2, 1], [10, 20, 30, 40] as [Float])

  @Test("TensorScatter writes each sample's update from its own place on, in a circle where asked")
  func modes() throws {
    let places = Tensor([2], [1, 0] as [Int64])
    #expect(
      try OperatorCase("TensorScatter", opset: 24).run([Self.cache, Self.update, places])[0].floats == [
        1, 10, 20, 30, 40, 6,
      ])
    let circular = OperatorCase("TensorScatter", opset: 24, ["mode": .string("circular")])
    #expect(
      try circular.run([Self.cache, Self.update, Tensor([2], [2, 0] as [Int64])])[0].floats == [20, 2, 10, 30, 40, 6])
  }

  @Test("An update that does not fit is KDC2014")
  func badShape() {
    #expect(OperatorCase("TensorScatter", opset: 24).fault([Self.update, Self.cache])?.id == .shapeMismatch)
  }
}
