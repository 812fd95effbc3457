import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct MicrosoftGeluTests {
  @Test("x · Φ(x)")
  func values() throws {
    let y = try OperatorCase("Gelu", domain: "com.microsoft", opset: 1).run([Tensor([2], [1, -1] as [Float])])
    #expect(isClose(y[0], Tensor([2], [0.8413447, -0.15865525] as [Float])))
  }
}
