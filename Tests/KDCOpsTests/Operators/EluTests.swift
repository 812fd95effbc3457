import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct EluTests {
  @Test("Elu is x, or e^x − 1 below 0")
  func values() throws {
    let x = Tensor([7], [-3.5, -1.0, -0.25, 0.0, 0.5, 2.0, 7.0] as [Float])
    let y = Tensor([7], [-0.96980262, -0.63212056, -0.22119922, 0.0, 0.5, 2.0, 7.0] as [Float])
    #expect(isClose(try OperatorCase("Elu").run([x])[0], y))
  }

  @Test("Elu scales its negative part by alpha")
  func alpha() throws {
    let y = try OperatorCase("Elu", ["alpha": .float(2)]).run([Tensor([2], [-1, 1] as [Float])])
    #expect(isClose(y[0], Tensor([2], [-1.2642411, 1] as [Float])))
  }
}
