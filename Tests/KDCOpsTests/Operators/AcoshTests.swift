import KDCOps
import KDCTensor
import Testing

@Suite struct AcoshTests {
  @Test("Acosh is inverse of the hyperbolic cosine")
  func values() throws {
    let x = Tensor([7], [1, 1.01, 1.5, 2, 3, 40, 1000] as [Float])
    let y = Tensor([7], [0, 0.141303702, 0.96242365, 1.3169579, 1.76274717, 4.38187035, 7.60090221] as [Float])
    #expect(isClose(try OperatorCase("Acosh").run([x])[0], y, tolerance: 2e-7))
  }

  @Test("Acosh of NaN and of what it is not defined for is NaN")
  func undefined() throws {
    let x = [0.5, -2, .nan] as [Float]
    let y = try OperatorCase("Acosh").run([Tensor([x.count], x)])[0].floats
    #expect(y?.count == x.count && y?.allSatisfy({ $0.isNaN }) == true)
  }
}
