import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct ShrinkTests {
  @Test("Shrink is 0 about 0, and nearer to 0 by the bias elsewhere")
  func values() throws {
    let x = Tensor([5], [-2, -1.5, 0, 1.5, 2] as [Float])
    let y = Tensor([5], [-1, 0, 0, 0, 1] as [Float])
    let op = OperatorCase("Shrink", ["lambd": .float(1.5), "bias": .float(1)])
    #expect(isClose(try op.run([x])[0], y, tolerance: 3e-7))
  }
}
