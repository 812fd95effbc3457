import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct SkipSimplifiedLayerNormalizationTests {
  @Test("The sum by its root mean square")
  func values() throws {
    var op = OperatorCase("SkipSimplifiedLayerNormalization", domain: "com.microsoft", opset: 1)
    op.node.outputs = ["y", "", "", "sum"]
    let x = Tensor([1, 2], [1, 2] as [Float])
    let outputs = try op.run([x, Tensor([1, 2], [0, 5] as [Float]), Tensor([2], [5, 5] as [Float])])
    // 1 and 7: root of 25.
    #expect(isClose(outputs[0], Tensor([1, 2], [1, 7] as [Float])))
    #expect(outputs[3].floats == [1, 7])
  }

  @Test("Statistics as outputs are not supported")
  func statistics() {
    var op = OperatorCase("SkipSimplifiedLayerNormalization", domain: "com.microsoft", opset: 1)
    op.node.outputs = ["y", "mean"]
    #expect(op.fault([])?.id == .unsupportedAttribute)
  }
}
