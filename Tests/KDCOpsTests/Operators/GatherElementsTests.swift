import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct GatherElementsTests {
  private let x = Tensor([3, 3], (1...9).map { Float($0) })

  @Test("GatherElements replaces one coordinate by the index")
  func axes() throws {
    let indices = Tensor([2, 3], [1, 2, 0, 2, 0, -3] as [Int64])
    #expect(try OperatorCase("GatherElements").run([x, indices])[0].floats == [4, 8, 3, 7, 2, 3])
    let columns = Tensor([1, 2], [2, 0] as [Int64])
    #expect(try OperatorCase("GatherElements", ["axis": .int(1)]).run([x, columns])[0].floats == [3, 1])
  }

  @Test("Indices of another rank are KDC2014, one outside KDC2018")
  func faults() {
    let op = OperatorCase("GatherElements")
    #expect(op.fault([x, Tensor([1], [0] as [Int64])])?.id == .shapeMismatch)
    let fault = #expect(throws: Diagnostic.self) { try op.run([x, Tensor([1, 1], [3] as [Int64])]) }
    #expect(fault?.id == .valueOutOfRange)
  }
}
