import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct HardSwishTests {
  @Test("HardSwish is x times a clamped line")
  func values() throws {
    let x = Tensor([7], [-3.5, -1.0, -0.25, 0.0, 0.5, 2.0, 7.0] as [Float])
    let y = Tensor([7], [-0.0, -0.33333333, -0.11458333, 0.0, 0.29166667, 1.6666667, 7.0] as [Float])
    #expect(isClose(try OperatorCase("HardSwish").run([x])[0], y))
  }
}
