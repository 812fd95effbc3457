import KDCOps
import KDCTensor
import Testing

@Suite struct AsinTests {
  @Test("Asin is arc sine in radians")
  func values() throws {
    let x = Tensor([7], [-1, -0.75, -0.25, 0.0, 0.5, 0.9, 1] as [Float])
    let y = Tensor([7], [-1.57079633, -0.848062079, -0.252680255, 0, 0.523598776, 1.11976946, 1.57079633] as [Float])
    #expect(isClose(try OperatorCase("Asin").run([x])[0], y, tolerance: 2e-7))
  }

  @Test("Asin of NaN and of what it is not defined for is NaN")
  func undefined() throws {
    let x = [-1.5, 2, .nan] as [Float]
    let y = try OperatorCase("Asin").run([Tensor([x.count], x)])[0].floats
    #expect(y?.count == x.count && y?.allSatisfy({ $0.isNaN }) == true)
  }
}
