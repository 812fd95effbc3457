import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct LeakyReluTests {
  @Test("LeakyRelu is a hundredth of negative values")
  func values() throws {
    let x = Tensor([7], [-3.5, -1.0, -0.25, 0.0, 0.5, 2.0, 7.0] as [Float])
    let y = Tensor([7], [-0.035, -0.01, -0.0025, 0.0, 0.5, 2.0, 7.0] as [Float])
    #expect(isClose(try OperatorCase("LeakyRelu").run([x])[0], y))
  }

  @Test("LeakyRelu scales negative values by alpha")
  func alpha() throws {
    let y = try OperatorCase("LeakyRelu", ["alpha": .float(0.5)]).run([Tensor([2], [-2, 2] as [Float])])
    #expect(y[0].floats == [-1, 2])
  }
}
