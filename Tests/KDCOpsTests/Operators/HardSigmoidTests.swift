import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct HardSigmoidTests {
  @Test("HardSigmoid is the clamped line 0.2x + 0.5")
  func values() throws {
    let x = Tensor([7], [-3.5, -1.0, -0.25, 0.0, 0.5, 2.0, 7.0] as [Float])
    let y = Tensor([7], [0.0, 0.3, 0.45, 0.5, 0.6, 0.9, 1.0] as [Float])
    #expect(isClose(try OperatorCase("HardSigmoid").run([x])[0], y))
  }

  @Test("HardSigmoid follows alpha and beta")
  func attributes() throws {
    let op = OperatorCase("HardSigmoid", ["alpha": .float(0.5), "beta": .float(0.25)])
    #expect(try op.run([Tensor([3], [-1, 1, 9] as [Float])])[0].floats == [0, 0.75, 1])
  }
}
