import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct TileTests {
  @Test("Tile repeats along each axis")
  func repeats() throws {
    let x = Tensor([2, 2], [1, 2, 3, 4] as [Float])
    let y = try OperatorCase("Tile").run([x, Tensor([2], [2, 2] as [Int64])])[0]
    #expect(y.shape == [4, 4] && y.floats == [1, 2, 1, 2, 3, 4, 3, 4, 1, 2, 1, 2, 3, 4, 3, 4])
    #expect(try OperatorCase("Tile").run([x, Tensor([2], [1, 0] as [Int64])])[0].count == 0)
  }

  @Test("Repeats of another number than the axes, or negative, are KDC2014")
  func faults() {
    let x = Tensor([2, 2], [1, 2, 3, 4] as [Float])
    #expect(OperatorCase("Tile").fault([x, Tensor([1], [2] as [Int64])])?.id == .shapeMismatch)
    #expect(OperatorCase("Tile").fault([x, Tensor([2], [-1, 1] as [Int64])])?.id == .shapeMismatch)
  }
}
