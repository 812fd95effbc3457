import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct PReluTests {
  @Test("PRelu scales negative values by their channel's slope")
  func slopes() throws {
    let x = Tensor([1, 2, 2], [-1, 1, -2, 2] as [Float])
    let y = try OperatorCase("PRelu").run([x, Tensor([2, 1], [0.5, 0.25] as [Float])])
    #expect(y[0].floats == [-0.5, 1, -0.5, 2])
  }

  @Test("A slope that does not broadcast to the input is KDC2014")
  func badSlope() {
    let x = Tensor([2], [1, 1] as [Float])
    #expect(OperatorCase("PRelu").fault([x, Tensor([2, 1], [1, 1] as [Float])])?.id == .shapeMismatch)
  }
}
