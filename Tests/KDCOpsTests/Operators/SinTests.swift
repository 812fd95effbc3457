import KDCOps
import KDCTensor
import Testing

@Suite struct SinTests {
  @Test("Sin is sine of x radians")
  func values() throws {
    let x = Tensor([7], [-3.5, -1, -0.25, 0.0, 0.5, 2, 1000] as [Float])
    let y = Tensor([7], [0.350783228, -0.841470985, -0.247403959, 0, 0.479425539, 0.909297427, 0.826879541] as [Float])
    #expect(isClose(try OperatorCase("Sin").run([x])[0], y, tolerance: 2e-7))
  }

  @Test("Sin of NaN and of what it is not defined for is NaN")
  func undefined() throws {
    let x = [.infinity, -.infinity, .nan] as [Float]
    let y = try OperatorCase("Sin").run([Tensor([x.count], x)])[0].floats
    #expect(y?.count == x.count && y?.allSatisfy({ $0.isNaN }) == true)
  }
}
