import KDCOps
import KDCTensor
import Testing

@Suite struct TanTests {
  @Test("Tan is tangent of x radians")
  func values() throws {
    let x = Tensor([7], [-3.5, -1, -0.25, 0.0, 0.5, 2, 1000] as [Float])
    let y = Tensor([7], [-0.37458564, -1.55740772, -0.255341921, 0, 0.54630249, -2.18503986, 1.47032416] as [Float])
    #expect(isClose(try OperatorCase("Tan").run([x])[0], y, tolerance: 2e-7))
  }

  @Test("Tan of NaN and of what it is not defined for is NaN")
  func undefined() throws {
    let x = [.infinity, -.infinity, .nan] as [Float]
    let y = try OperatorCase("Tan").run([Tensor([x.count], x)])[0].floats
    #expect(y?.count == x.count && y?.allSatisfy({ $0.isNaN }) == true)
  }
}
