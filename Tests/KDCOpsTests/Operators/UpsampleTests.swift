import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct UpsampleTests {
  private let x = Tensor([1, 1, 1, 2], [1, 3] as [Float])
  private func scales(_ values: [Float]) -> Tensor { Tensor([values.count], values) }

  @Test("Upsample repeats elements or blends them")
  func modes() throws {
    let factors = scales([1, 1, 2, 2])
    let near = try OperatorCase("Upsample", opset: 9).run([x, factors])[0]
    #expect(near.shape == [1, 1, 2, 4] && near.floats == [1, 1, 3, 3, 1, 1, 3, 3])
    let linear = try OperatorCase("Upsample", opset: 9, ["mode": .string("linear")]).run([x, factors])[0]
    #expect(linear.floats == [1, 2, 3, 3, 1, 2, 3, 3])
  }

  @Test("Scales below 1 are KDC2018, of another number than the axes KDC2014")
  func faults() {
    let op = OperatorCase("Upsample", opset: 9)
    #expect(op.fault([x, scales([1, 1, 0.5, 1])])?.id == .valueOutOfRange)
    #expect(op.fault([x, scales([.nan, 1, 1, 1])])?.id == .valueOutOfRange)
    #expect(op.fault([x, scales([2, 2])])?.id == .shapeMismatch)
  }
}
