import KDCOps
import KDCTensor
import Testing

@Suite struct AtanhTests {
  @Test("Atanh is inverse of the hyperbolic tangent")
  func values() throws {
    let x = Tensor([7], [-0.99, -0.75, -0.25, 0.0, 0.5, 0.9, 0.999] as [Float])
    let y = Tensor([7], [-2.64665289, -0.972955075, -0.255412812, 0, 0.549306144, 1.47221936, 3.80020761] as [Float])
    #expect(isClose(try OperatorCase("Atanh").run([x])[0], y, tolerance: 2e-7))
  }

  @Test("Atanh of NaN and of what it is not defined for is NaN")
  func undefined() throws {
    let x = [-1.5, 2, .nan] as [Float]
    let y = try OperatorCase("Atanh").run([Tensor([x.count], x)])[0].floats
    #expect(y?.count == x.count && y?.allSatisfy({ $0.isNaN }) == true)
  }
}
