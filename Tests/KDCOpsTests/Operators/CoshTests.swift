import KDCOps
import KDCTensor
import Testing

@Suite struct CoshTests {
  @Test("Cosh is hyperbolic cosine")
  func values() throws {
    let x = Tensor([7], [-3.5, -1, -0.25, 0.0, 0.5, 2, 7] as [Float])
    let y = Tensor([7], [16.5728247, 1.54308063, 1.0314131, 1, 1.12762597, 3.76219569, 548.317035] as [Float])
    #expect(isClose(try OperatorCase("Cosh").run([x])[0], y, tolerance: 2e-7))
  }

  @Test("Cosh of NaN and of what it is not defined for is NaN")
  func undefined() throws {
    let x = [.nan] as [Float]
    let y = try OperatorCase("Cosh").run([Tensor([x.count], x)])[0].floats
    #expect(y?.count == x.count && y?.allSatisfy({ $0.isNaN }) == true)
  }
}
