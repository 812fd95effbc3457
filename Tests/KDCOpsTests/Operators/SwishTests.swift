import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct SwishTests {
  @Test("Swish is x times the sigmoid of alpha·x")
  func values() throws {
    let x = Tensor([5], [-3.5, -1, 0, 0.5, 7] as [Float])
    let y = Tensor([5], [-0.0182704399, -0.182425524, 0, 0.33958935, 6.99980725] as [Float])
    let op = OperatorCase("Swish", opset: 24, ["alpha": .float(1.5)])
    #expect(isClose(try op.run([x])[0], y, tolerance: 3e-7))
  }
}
