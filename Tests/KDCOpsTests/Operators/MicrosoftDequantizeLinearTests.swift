import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct MicrosoftDequantizeLinearTests {
  @Test("As ONNX's operator, of 16 bits")
  func values() throws {
    let op = OperatorCase("DequantizeLinear", domain: "com.microsoft", opset: 1)
    let y = try op.run([Tensor([2], .uint16([6, 65535])), Tensor([], [0.5] as [Float]), Tensor([], .uint16([5]))])
    #expect(y[0].floats == [0.5, 32765])
  }
}
