import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct CompressTests {
  private static let x = Tensor([2, 3], [1, 2, 3, 4, 5, 6] as [Float])

  @Test("Compress keeps what the condition is true for, along an axis or of all elements")
  func values() throws {
    let condition = Tensor([3], [true, false, true])
    #expect(try OperatorCase("Compress", ["axis": .int(1)]).run([Self.x, condition])[0].floats == [1, 3, 4, 6])
    #expect(try OperatorCase("Compress").run([Self.x, condition])[0].floats == [1, 3])
  }

  @Test("A condition that is true behind the end is KDC2014")
  func tooLong() {
    let condition = Tensor([3], [true, false, true])
    #expect(OperatorCase("Compress", ["axis": .int(0)]).fault([Self.x, condition])?.id == .shapeMismatch)
  }
}
