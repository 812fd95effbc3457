import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct ReluTests {
  @Test("Relu is the positive part")
  func values() throws {
    let x = Tensor([7], [-3.5, -1.0, -0.25, 0.0, 0.5, 2.0, 7.0] as [Float])
    let y = Tensor([7], [0.0, 0.0, 0.0, 0.0, 0.5, 2.0, 7.0] as [Float])
    #expect(isClose(try OperatorCase("Relu").run([x])[0], y))
  }

  @Test("Relu takes integers too")
  func integers() throws {
    #expect(try OperatorCase("Relu").run([Tensor([2], [-4, 4] as [Int64])])[0].int64s == [0, 4])
  }
}
