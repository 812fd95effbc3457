import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct UniqueTests {
  private static let x = Tensor([6], [2, 1, 1, 3, 4, 3] as [Float])

  @Test(
    "Unique gives different elements, where they appear first, which each is, and how often they appear",
    arguments: [
      (true, [1, 2, 3, 4], [1, 0, 3, 4], [1, 0, 0, 2, 3, 2], [2, 1, 2, 1]),
      (false, [2, 1, 3, 4], [0, 1, 3, 4], [0, 1, 1, 2, 3, 2], [1, 2, 2, 1]),
    ] as [(Bool, [Float], [Int64], [Int64], [Int64])])
  func elements(sorted: Bool, values: [Float], first: [Int64], which: [Int64], counts: [Int64]) throws {
    let results = try OperatorCase("Unique", ["sorted": .int(sorted ? 1 : 0)]).run([Self.x])
    #expect(results[0].floats == values)
    #expect(results.dropFirst().map(\.int64s) == [first, which, counts])
  }

  @Test("Slices along an axis are told apart as a whole")
  func slices() throws {
    let x = Tensor([3, 2], [2, 3, 1, 0, 2, 3] as [Float])
    let results = try OperatorCase("Unique", ["axis": .int(0)]).run([x])
    #expect(results[0].floats == [1, 0, 2, 3])
    #expect(results[2].int64s == [1, 0, 1])
  }

  @Test("An axis outside is KDC2011")
  func badAxis() {
    #expect(OperatorCase("Unique", ["axis": .int(1)]).fault([Self.x])?.id == .invalidAttribute)
  }
}
