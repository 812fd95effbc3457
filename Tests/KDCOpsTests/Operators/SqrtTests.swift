import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct SqrtTests {
  @Test("Sqrt is the square root")
  func values() throws {
    let x = Tensor([5], [0.0625, 0.5, 1.0, 2.0, 7.0] as [Float])
    let y = Tensor([5], [0.25, 0.70710678, 1.0, 1.4142136, 2.6457513] as [Float])
    #expect(isClose(try OperatorCase("Sqrt").run([x])[0], y))
  }

  @Test("Sqrt is NaN below 0")
  func negative() throws {
    #expect(try OperatorCase("Sqrt").run([Tensor([1], [-1] as [Float])])[0].floats?[0].isNaN == true)
  }
}
