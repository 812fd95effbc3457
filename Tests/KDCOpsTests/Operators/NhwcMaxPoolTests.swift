import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct NhwcMaxPoolTests {
  private let op = OperatorCase("NhwcMaxPool", domain: "com.microsoft", opset: 1, ["kernel_shape": .ints([1, 2])])

  @Test("Windows lie on the axes between batch and channels")
  func values() throws {
    // Three columns of two channels.
    let y = try op.run([Tensor([1, 1, 3, 2], .uint8([1, 9, 5, 8, 3, 20]))])
    #expect(y[0].type == TensorType(.uint8, [1, 1, 2, 2]))
    #expect(y[0].bytes == [5, 9, 5, 20])
  }

  @Test("A float image is KDC2015")
  func faults() {
    #expect(op.fault([Tensor([1, 1, 2, 1], [1, 2] as [Float])])?.id == .typeMismatch)
  }
}
