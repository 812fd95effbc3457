import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct FlattenTests {
  @Test(
    "Flatten makes a matrix at its axis",
    arguments: [(1, [2, 12]), (0, [1, 24]), (3, [24, 1]), (-1, [6, 4])] as [(Int64, Shape)])
  func axes(axis: Int64, expected: Shape) throws {
    let x = Tensor([2, 3, 4], (0..<24).map { Float($0) })
    let y = try OperatorCase("Flatten", ["axis": .int(axis)]).run([x])[0]
    #expect(y.shape == expected && y.floats == x.floats)
  }

  @Test("Flatten starts at axis 1 by default; an axis beyond the rank is KDC2011")
  func defaultAxis() throws {
    let x = Tensor([2, 1, 2], [1, 2, 3, 4] as [Float])
    #expect(try OperatorCase("Flatten").run([x])[0].shape == [2, 2])
    #expect(OperatorCase("Flatten", ["axis": .int(4)]).fault([x])?.id == .invalidAttribute)
  }
}
