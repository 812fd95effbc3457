import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct GemmTests {
  private let a = Tensor([2, 3], [1, 2, 3, 4, 5, 6] as [Float])
  private let b = Tensor([3, 2], [1, 0, 0, 1, 1, 1] as [Float])

  @Test("Gemm is alpha · A · B + beta · C with C broadcast")
  func product() throws {
    let c = Tensor([2], [10, 20] as [Float])
    let y = try OperatorCase("Gemm", ["alpha": .float(2), "beta": .float(0.5)]).run([a, b, c])
    #expect(y[0].floats == [13, 20, 25, 32])
    let column = Tensor([2, 1], [10, 20] as [Float])
    #expect(try OperatorCase("Gemm").run([a, b, column])[0].floats == [14, 15, 30, 31])
    #expect(try OperatorCase("Gemm").run([a, b, Tensor([], [1] as [Float])])[0].floats == [5, 6, 11, 12])
  }

  @Test("Gemm transposes its operands")
  func transposed() throws {
    let both = OperatorCase("Gemm", ["transA": .int(1), "transB": .int(1)])
    // Aᵀ is [3, 2] and Bᵀ [2, 3].
    let y = try both.run([a, Tensor([2, 2], [1, 2, 3, 4] as [Float])])
    #expect(y[0].shape == [3, 2])
    #expect(y[0].floats == [9, 19, 12, 26, 15, 33])
  }

  @Test("Operands or a bias that do not fit are KDC2014")
  func faults() {
    #expect(OperatorCase("Gemm").fault([a, a])?.id == .shapeMismatch)
    #expect(OperatorCase("Gemm").fault([a, b, Tensor([3], [1, 2, 3] as [Float])])?.id == .shapeMismatch)
    #expect(OperatorCase("Gemm", ["transA": .int(2)]).fault([a, b])?.id == .invalidAttribute)
  }
}
