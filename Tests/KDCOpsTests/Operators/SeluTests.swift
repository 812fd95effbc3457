import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct SeluTests {
  @Test("Selu is the scaled Elu")
  func values() throws {
    let x = Tensor([7], [-3.5, -1.0, -0.25, 0.0, 0.5, 2.0, 7.0] as [Float])
    let y = Tensor([7], [-1.7050093, -1.1113307, -0.3888902, 0.0, 0.52535049, 2.101402, 7.3549069] as [Float])
    #expect(isClose(try OperatorCase("Selu").run([x])[0], y))
  }

  @Test("Selu follows alpha and gamma")
  func attributes() throws {
    let op = OperatorCase("Selu", ["alpha": .float(2), "gamma": .float(3)])
    #expect(isClose(try op.run([Tensor([2], [-1, 1] as [Float])])[0], Tensor([2], [-3.7927234, 3] as [Float])))
  }
}
