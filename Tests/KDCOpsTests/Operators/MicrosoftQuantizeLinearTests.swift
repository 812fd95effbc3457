import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct MicrosoftQuantizeLinearTests {
  @Test("As ONNX's operator, of 16 bits")
  func values() throws {
    let op = OperatorCase("QuantizeLinear", domain: "com.microsoft", opset: 1)
    let y = try op.run([Tensor([2], [1, -70000] as [Float]), Tensor([], [1] as [Float]), Tensor([], .int16([5]))])
    #expect(y[0].type == TensorType(.int16, [2]))
    #expect(y[0].cast(to: .int64).int64s == [6, -32768])
  }
}
