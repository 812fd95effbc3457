import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct CeilTests {
  @Test("Ceil is the integer above")
  func values() throws {
    let x = Tensor([6], [-1.5, -1.0, -0.2, 0.0, 0.7, 2.5] as [Float])
    let y = Tensor([6], [-1.0, -1.0, 0.0, 0.0, 1.0, 3.0] as [Float])
    #expect(isClose(try OperatorCase("Ceil").run([x])[0], y))
  }
}
