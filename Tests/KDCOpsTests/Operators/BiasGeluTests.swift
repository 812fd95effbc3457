import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct BiasGeluTests {
  @Test("Gelu of the sum with the last axis' bias")
  func values() throws {
    let y = try OperatorCase("BiasGelu", domain: "com.microsoft", opset: 1).run([
      Tensor([2, 2], [0, 1, -1, 2] as [Float]), Tensor([2], [1, -1] as [Float]),
    ])
    #expect(isClose(y[0], Tensor([2, 2], [0.8413447, 0, 0, 0.8413447] as [Float])))
  }
}
