import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct FastGeluTests {
  @Test("Gelu by the hyperbolic tangent, with and without a bias")
  func values() throws {
    let op = OperatorCase("FastGelu", domain: "com.microsoft", opset: 1)
    let expected = Tensor([2], [0.8411920, -0.15880796] as [Float])
    #expect(isClose(try op.run([Tensor([2], [1, -1] as [Float])])[0], expected))
    #expect(isClose(try op.run([Tensor([2], [0, -2] as [Float]), Tensor([2], [1, 1] as [Float])])[0], expected))
  }
}
