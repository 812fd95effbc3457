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

  @Test("FusedGemm with another alpha is KDC2013, weights that do not fit are KDC2014")
  func faults() {
    let scaled = OperatorCase("FusedGemm", domain: "com.microsoft", ["alpha": .float(2)])
    #expect(scaled.fault([x, w])?.id == .unsupportedAttribute)
    #expect(OperatorCase("FusedGemm", domain: "com.microsoft").fault([w, x])?.id == .shapeMismatch)
  }
}
