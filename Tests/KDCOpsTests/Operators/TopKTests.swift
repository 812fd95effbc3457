import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct TopKTests {
  private static let x = Tensor([2, 4], [3, .nan, 3, 1, -1, 5, 7, 7] as [Float])
  private static let two = Tensor([1], [2] as [Int64])

  @Test(
    "TopK gives the largest or smallest and where they are, equal ones in order, NaN as the largest, also as a program",
    arguments: [
      (true, [Float.nan, 3, 7, 7], [1, 0, 2, 3]), (false, [1, 3, -1, 5], [3, 0, 0, 1]),
    ] as [(Bool, [Float], [Int64])])
  func values(isLargest: Bool, values: [Float], positions: [Int64]) throws {
    var op = OperatorCase("TopK", ["largest": .int(isLargest ? 1 : 0)])
    op.node.outputs = ["values", "positions"]
    for results in [try op.run([Self.x, Self.two]), try op.lowered([Self.x, Self.two], constants: [1])] {
      #expect(results[0].littleEndianBytes == Tensor([2, 2], values).littleEndianBytes)
      #expect(results[1].int64s == positions)
    }
  }

  @Test("TopK works along any axis and on integers")
  func axis() throws {
    let x = Tensor([3, 2], .int32([1, 6, 5, 2, 3, 4]))
    let results = try OperatorCase("TopK", ["axis": .int(0)]).run([x, Self.two])
    #expect(results[0].littleEndianBytes == Tensor([2, 2], [5, 6, 3, 4] as [Int32]).littleEndianBytes)
    #expect(results[1].int64s == [1, 0, 2, 2])
  }

  @Test("More picks than elements are KDC2014")
  func tooMany() {
    #expect(OperatorCase("TopK").fault([Self.x, Tensor([1], [5] as [Int64])])?.id == .shapeMismatch)
  }
}
