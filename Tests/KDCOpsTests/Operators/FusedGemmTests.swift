import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct FusedGemmTests {
  private let x = Tensor([1, 2, 2], [1, 2, 3, 4] as [Float])
  private let w = Tensor([3, 2], [1, 0, 0, 1, -1, -1] as [Float])

  @Test("FusedGemm is activation(X · Wᵀ + B + Z) over the last axis")
  func product() throws {
    let b = Tensor([3], [1, 1, 1] as [Float])
    let z = Tensor([1, 2, 3], [0, 0, 0, 0, 0, 10] as [Float])
    let relu = OperatorCase("FusedGemm", domain: "com.microsoft", ["activation": .string("Relu")])
    #expect(try relu.run([x, w, b, z])[0].floats == [2, 3, 0, 4, 5, 4])
    #expect(try OperatorCase("FusedGemm", domain: "com.microsoft").run([x, w])[0].floats == [1, 2, -3, 3, 4, -7])
  }

  @Test("As ONNX Runtime writes it: Gemm with its attributes and bias, and an activation with parameters")
  func composed() throws {
    let matrix = Tensor([2, 2], [1, 2, 3, 4] as [Float])
    let columns = Tensor([2, 3], [1, 0, -1, 0, 1, -1] as [Float])
    let bias = Tensor([2, 1], [0, -8] as [Float])
    let leaky = OperatorCase(
      "FusedGemm", domain: "com.microsoft",
      [
        "transB": .int(0), "alpha": .float(2), "activation": .string("LeakyRelu"), "activation_alpha": .float(0.5),
      ])
    #expect(try leaky.run([matrix, columns, bias])[0].floats == [2, 4, -3, -1, 0, -11])
    let sigmoid = OperatorCase("FusedGemm", domain: "com.microsoft", ["activation": .string("Sigmoid")])
    let y = try sigmoid.run([matrix, Tensor([1, 2], [1, -0.5] as [Float]), nil])[0]
    #expect(isClose(y, Tensor([2, 1], [0.5, 0.7310586] as [Float])))
  }

  @Test("Weights that do not fit are KDC2014")
  func faults() {
    #expect(OperatorCase("FusedGemm", domain: "com.microsoft").fault([w, x])?.id == .shapeMismatch)
  }
}
