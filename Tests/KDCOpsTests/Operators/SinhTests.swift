import KDCOps
import KDCTensor
import Testing

@Suite struct SinhTests {
  @Test("Sinh is hyperbolic sine")
  func values() throws {
    let x = Tensor([7], [-3.5, -1, -0.25, 0.0, 0.5, 2, 7] as [Float])
    let y = Tensor([7], [-16.5426273, -1.17520119, -0.252612317, 0, 0.521095305, 3.62686041, 548.316123] as [Float])
    #expect(isClose(try OperatorCase("Sinh").run([x])[0], y, tolerance: 2e-7))
  }

  @Test("Sinh of NaN and of what it is not defined for is NaN")
  func undefined() throws {
    let x = [.nan] as [Float]
    let y = try OperatorCase("Sinh").run([Tensor([x.count], x)])[0].floats
    #expect(y?.count == x.count && y?.allSatisfy({ $0.isNaN }) == true)
  }
}
