import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct ReverseSequenceTests {
  private static let x = Tensor([2, 3], [1, 2, 3, 4, 5, 6] as [Float])

  @Test("ReverseSequence turns the first elements of each sample, along either axis")
  func values() throws {
    let rows = OperatorCase("ReverseSequence", ["batch_axis": .int(0), "time_axis": .int(1)])
    #expect(try rows.run([Self.x, Tensor([2], [2, 3] as [Int64])])[0].floats == [2, 1, 3, 6, 5, 4])
    let columns = OperatorCase("ReverseSequence")
    #expect(try columns.run([Self.x, Tensor([3], [1, 2, 2] as [Int64])])[0].floats == [1, 5, 6, 4, 2, 3])
  }

  @Test("Axes other than 0 and 1 are KDC2011, another number of lengths KDC2014")
  func faults() {
    let op = OperatorCase("ReverseSequence", ["batch_axis": .int(1), "time_axis": .int(1)])
    #expect(op.fault([Self.x, Tensor([2], [2, 3] as [Int64])])?.id == .invalidAttribute)
    #expect(OperatorCase("ReverseSequence").fault([Self.x, Tensor([2], [2, 3] as [Int64])])?.id == .shapeMismatch)
  }
}
