import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct FusedMatMulTests {
  private static let a = Tensor([2, 3], [1, 2, 3, 4, 5, 6] as [Float])

  @Test("Transposed operands, times alpha")
  func transposed() throws {
    let op = OperatorCase(
      "FusedMatMul", domain: "com.microsoft", opset: 1, ["transA": .int(1), "transB": .int(1), "alpha": .float(2)])
    let y = try op.run([Self.a, Tensor([1, 2], [1, -1] as [Float])])
    #expect(y[0].type == TensorType(.float32, [3, 1]))
    #expect(y[0].floats == [-6, -6, -6])
  }

  @Test("A first axis that is moved behind the others")
  func batch() throws {
    let op = OperatorCase("FusedMatMul", domain: "com.microsoft", opset: 1, ["transBatchA": .int(1)])
    // [2, 1, 3] becomes [1, 2, 3].
    let y = try op.run([Self.a.reshaped(to: [2, 1, 3]), Tensor([1, 3, 1], [1, 0, 1] as [Float])])
    #expect(y[0].type == TensorType(.float32, [1, 2, 1]))
    #expect(y[0].floats == [4, 10])
  }
}
