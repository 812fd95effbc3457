import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct GatherTests {
  private let x = Tensor([3, 2], [1, 2, 3, 4, 5, 6] as [Float])

  @Test("Gather picks along its axis; the indices' shape replaces the axis")
  func axes() throws {
    let rows = try OperatorCase("Gather").run([x, Tensor([1, 2], [2, -3] as [Int64])])[0]
    #expect(rows.shape == [1, 2, 2] && rows.floats == [5, 6, 1, 2])
    let column = try OperatorCase("Gather", ["axis": .int(1)]).run([x, Tensor([], [1] as [Int32])])[0]
    #expect(column.shape == [3] && column.floats == [2, 4, 6])
  }

  @Test("An index outside the axis is KDC2018, float indices are KDC2015")
  func faults() {
    let op = OperatorCase("Gather")
    let fault = #expect(throws: Diagnostic.self) { try op.run([x, Tensor([1], [3] as [Int64])]) }
    #expect(fault?.id == .valueOutOfRange)
    #expect(op.fault([x, Tensor([1], [0] as [Float])])?.id == .typeMismatch)
    #expect(OperatorCase("Gather", ["axis": .int(2)]).fault([x, Tensor([1], [0] as [Int64])])?.id == .invalidAttribute)
  }
}
