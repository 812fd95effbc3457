import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct AbsTests {
  @Test("Abs is the magnitude")
  func values() throws {
    let x = Tensor([7], [-3.5, -1.0, -0.25, 0.0, 0.5, 2.0, 7.0] as [Float])
    let y = Tensor([7], [3.5, 1.0, 0.25, 0.0, 0.5, 2.0, 7.0] as [Float])
    #expect(isClose(try OperatorCase("Abs").run([x])[0], y))
  }

  @Test("Abs takes integers and wraps at the smallest one")
  func integers() throws {
    #expect(try OperatorCase("Abs").run([Tensor([3], [-4, 4, .min] as [Int64])])[0].int64s == [4, 4, .min])
  }
}
