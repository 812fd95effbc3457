import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct DetTests {
  @Test("Det is the determinant of each matrix, also as a program")
  func values() throws {
    let x = Tensor([3, 2, 2], [1, 2, 3, 4, 0, 1, 1, 0, 2, 4, 1, 2] as [Float])
    #expect(try OperatorCase("Det").run([x])[0].floats == [-2, -1, 0])
    #expect(try OperatorCase("Det").lowered([x])[0].floats == [-2, -1, 0])
    let three = Tensor([3, 3], [2, 0, 1, 1, 3, 2, 1, 1, 4] as [Float])
    #expect(try OperatorCase("Det").run([three])[0].floats == [18])
  }

  @Test("A matrix that is not square is KDC2014")
  func badShape() {
    #expect(OperatorCase("Det").fault([Tensor([1, 2], [1, 2] as [Float])])?.id == .shapeMismatch)
  }
}
