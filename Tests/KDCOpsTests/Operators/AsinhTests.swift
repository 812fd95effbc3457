import KDCOps
import KDCTensor
import Testing

@Suite struct AsinhTests {
  @Test("Asinh is inverse of the hyperbolic sine")
  func values() throws {
    let x = Tensor([7], [-350, -1, -0.25, 0.0, 0.5, 2, 7] as [Float])
    let y = Tensor([7], [-6.55108238, -0.881373587, -0.247466462, 0, 0.481211825, 1.44363548, 2.64412076] as [Float])
    #expect(isClose(try OperatorCase("Asinh").run([x])[0], y, tolerance: 2e-7))
  }

  @Test("Asinh of NaN and of what it is not defined for is NaN")
  func undefined() throws {
    let x = [.nan] as [Float]
    let y = try OperatorCase("Asinh").run([Tensor([x.count], x)])[0].floats
    #expect(y?.count == x.count && y?.allSatisfy({ $0.isNaN }) == true)
  }
}
