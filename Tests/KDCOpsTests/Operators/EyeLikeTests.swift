import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct EyeLikeTests {
  @Test("EyeLike has ones on its diagonal, of the type that is asked for")
  func values() throws {
    let x = Tensor([2, 3], [1, 2, 3, 4, 5, 6] as [Float])
    #expect(try OperatorCase("EyeLike").run([x])[0].floats == [1, 0, 0, 0, 1, 0])
    let op = OperatorCase("EyeLike", ["k": .int(1), "dtype": .int(7)])
    #expect(try op.run([x])[0].int64s == [0, 1, 0, 0, 0, 1])
  }

  @Test("A vector is KDC2014")
  func badShape() {
    #expect(OperatorCase("EyeLike").fault([Tensor([2], [1, 2] as [Float])])?.id == .shapeMismatch)
  }
}
