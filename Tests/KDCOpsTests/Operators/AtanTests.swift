import KDCOps
import KDCTensor
import Testing

@Suite struct AtanTests {
  @Test("Atan is arc tangent in radians")
  func values() throws {
    let x = Tensor([7], [-350, -1, -0.25, 0.0, 0.5, 2, 7] as [Float])
    let y = Tensor([7], [-1.56793919, -0.785398163, -0.244978663, 0, 0.463647609, 1.10714872, 1.42889927] as [Float])
    #expect(isClose(try OperatorCase("Atan").run([x])[0], y, tolerance: 2e-7))
  }

  @Test("Atan of NaN and of what it is not defined for is NaN")
  func undefined() throws {
    let x = [.nan] as [Float]
    let y = try OperatorCase("Atan").run([Tensor([x.count], x)])[0].floats
    #expect(y?.count == x.count && y?.allSatisfy({ $0.isNaN }) == true)
  }
}
