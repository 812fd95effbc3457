import KDCOps
import KDCTensor
import Testing

@Suite struct CosTests {
  @Test("Cos is cosine of x radians")
  func values() throws {
    let x = Tensor([7], [-3.5, -1, -0.25, 0.0, 0.5, 2, 1000] as [Float])
    let y = Tensor([7], [-0.936456687, 0.540302306, 0.968912422, 1, 0.877582562, -0.416146837, 0.562379076] as [Float])
    #expect(isClose(try OperatorCase("Cos").run([x])[0], y, tolerance: 2e-7))
  }

  @Test("Cos of NaN and of what it is not defined for is NaN")
  func undefined() throws {
    let x = [.infinity, -.infinity, .nan] as [Float]
    let y = try OperatorCase("Cos").run([Tensor([x.count], x)])[0].floats
    #expect(y?.count == x.count && y?.allSatisfy({ $0.isNaN }) == true)
  }
}
