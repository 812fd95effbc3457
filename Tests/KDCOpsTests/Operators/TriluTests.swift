import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct TriluTests {
  private let x = Tensor([3, 3], (1...9).map { Float($0) })

  @Test("Trilu keeps the upper or lower triangle, shifted by k")
  func triangles() throws {
    #expect(try OperatorCase("Trilu").run([x])[0].floats == [1, 2, 3, 0, 5, 6, 0, 0, 9])
    #expect(try OperatorCase("Trilu", ["upper": .int(0)]).run([x])[0].floats == [1, 0, 0, 4, 5, 0, 7, 8, 9])
    let k = Tensor([], [1] as [Int64])
    #expect(try OperatorCase("Trilu").run([x, k])[0].floats == [0, 2, 3, 0, 0, 6, 0, 0, 0])
    let none = Tensor([], [.max] as [Int64])
    #expect(try OperatorCase("Trilu").run([x, none])[0].floats?.allSatisfy { $0 == 0 } == true)
  }

  @Test("A vector has no triangle: KDC2014")
  func faults() {
    #expect(OperatorCase("Trilu").fault([Tensor([1], [1] as [Float])])?.id == .shapeMismatch)
  }
}
