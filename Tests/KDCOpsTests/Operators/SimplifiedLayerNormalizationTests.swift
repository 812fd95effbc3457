import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct SimplifiedLayerNormalizationTests {
  @Test("It is RMSNormalization")
  func values() throws {
    let attributes: [String: Attribute] = ["axis": .int(-1), "epsilon": .float(0.5)]
    let inputs = [Tensor([2, 2], [3, 4, 0, 1] as [Float]), Tensor([2], [1, -2] as [Float])]
    let y = try OperatorCase("SimplifiedLayerNormalization", opset: 1, attributes).run(inputs)
    #expect(isClose(y[0], try OperatorCase("RMSNormalization", opset: 23, attributes).run(inputs)[0]))
    #expect(isClose(y[0], Tensor([2, 2], [0.8320503, -2.2188008, 0, -2] as [Float])))
  }
}
