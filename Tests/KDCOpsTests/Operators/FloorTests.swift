import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct FloorTests {
  @Test("Floor is the integer below")
  func values() throws {
    let x = Tensor([6], [-1.5, -1.0, -0.2, 0.0, 0.7, 2.5] as [Float])
    let y = Tensor([6], [-2.0, -1.0, -1.0, 0.0, 0.0, 2.0] as [Float])
    #expect(isClose(try OperatorCase("Floor").run([x])[0], y))
  }
}
