import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct AffineGridTests {
  private static let identity = Tensor([1, 2, 3], [1, 0, 0, 0, 1, 0] as [Float])
  private static let size = Tensor([4], [1, 1, 1, 2] as [Int64])

  @Test("Positions are those of pixels: their centres, or from corner to corner")
  func positions() throws {
    let centres = try OperatorCase("AffineGrid", opset: 20).run([Self.identity, Self.size])[0]
    #expect(isClose(centres, Tensor([1, 1, 2, 2], [-0.5, 0, 0.5, 0] as [Float])))
    let corners = try OperatorCase("AffineGrid", opset: 20, ["align_corners": .int(1)]).run([Self.identity, Self.size])
    #expect(isClose(corners[0], Tensor([1, 1, 2, 2], [-1, 0, 1, 0] as [Float])))
  }

  @Test("A map that is not of the size's rank is KDC2014")
  func mismatch() {
    let map = Tensor([1, 3, 4], [Float](repeating: 0, count: 12))
    #expect(OperatorCase("AffineGrid", opset: 20).fault([map, Self.size])?.id == .shapeMismatch)
  }
}
