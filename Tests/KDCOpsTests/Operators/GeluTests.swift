import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct GeluTests {
  @Test("Gelu is x · Φ(x)")
  func values() throws {
    let x = Tensor([7], [-3.5, -1.0, -0.25, 0.0, 0.5, 2.0, 7.0] as [Float])
    let y = Tensor([7], [-0.00081420178, -0.15865525, -0.10032342, 0.0, 0.34573123, 1.9544997, 7.0] as [Float])
    #expect(isClose(try OperatorCase("Gelu", opset: 20).run([x])[0], y))
  }

  @Test("Gelu approximates with tanh where asked, and refuses other approximations")
  func approximation() throws {
    let op = OperatorCase("Gelu", opset: 20, ["approximate": .string("tanh")])
    #expect(isClose(try op.run([Tensor([2], [-1, 1] as [Float])])[0], Tensor([2], [-0.158808, 0.841192] as [Float])))
    let wrong = OperatorCase("Gelu", opset: 20, ["approximate": .string("tahn")]).fault([Tensor([1], [0] as [Float])])
    #expect(wrong?.id == .invalidAttribute)
    #expect(wrong?.hint == "did you mean \"tanh\"?")
  }
}
