import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct LogTests {
  @Test("Log is the natural logarithm")
  func values() throws {
    let x = Tensor([5], [0.0625, 0.5, 1.0, 2.0, 7.0] as [Float])
    let y = Tensor([5], [-2.7725887, -0.69314718, 0.0, 0.69314718, 1.9459101] as [Float])
    #expect(isClose(try OperatorCase("Log").run([x])[0], y))
  }

  @Test("Log is −∞ at 0 and NaN below")
  func edges() throws {
    let y = try #require(try OperatorCase("Log").run([Tensor([2], [0, -1] as [Float])])[0].floats)
    #expect(y[0] == -.infinity && y[1].isNaN)
  }
}
