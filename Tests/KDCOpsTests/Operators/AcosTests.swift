import KDCOps
import KDCTensor
import Testing

@Suite struct AcosTests {
  @Test("Acos is arc cosine in radians")
  func values() throws {
    let x = Tensor([7], [-1, -0.75, -0.25, 0.0, 0.5, 0.9, 1] as [Float])
    let y = Tensor([7], [3.14159265, 2.41885841, 1.82347658, 1.57079633, 1.04719755, 0.451026866, 0] as [Float])
    #expect(isClose(try OperatorCase("Acos").run([x])[0], y, tolerance: 2e-7))
  }

  @Test("Acos of NaN and of what it is not defined for is NaN")
  func undefined() throws {
    let x = [-1.5, 2, .nan] as [Float]
    let y = try OperatorCase("Acos").run([Tensor([x.count], x)])[0].floats
    #expect(y?.count == x.count && y?.allSatisfy({ $0.isNaN }) == true)
  }
}
