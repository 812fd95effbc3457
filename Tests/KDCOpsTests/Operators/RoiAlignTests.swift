import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct RoiAlignTests {
  private static let x = Tensor([1, 1, 4, 4], (0..<16).map { Float($0) })
  private static let images = Tensor([1], [0] as [Int64])

  private func align(_ roi: [Float], opset: Int, _ attributes: [String: Attribute]) throws -> [Float] {
    let op = OperatorCase("RoiAlign", opset: opset, attributes)
    let inputs = [Self.x, Tensor([1, 4], roi), Self.images]
    let results = try op.run(inputs)[0]
    #expect(try op.lowered(inputs)[0].littleEndianBytes == results.littleEndianBytes)
    return results.floats ?? []
  }

  @Test("A region is resampled; half pixels move it")
  func means() throws {
    let two: [String: Attribute] = ["output_height": .int(2), "output_width": .int(2), "sampling_ratio": .int(1)]
    // Samples at 0.5 and 2.5 (less a half where half pixels count).
    #expect(try align([0, 0, 4, 4], opset: 10, two) == [5, 7, 13, 15])
    #expect(try align([0, 0, 4, 4], opset: 16, two) == [2.5, 4.5, 10.5, 12.5])
  }

  @Test("As many samples as the region needs, and the largest of them")
  func adaptive() throws {
    #expect(try align([0, 0, 2, 2], opset: 10, [:]) == [5])
    #expect(try align([0, 0, 2, 2], opset: 10, ["mode": .string("max")]) == [2.5])
    #expect(try align([-9, -9, -5, -5], opset: 10, [:]) == [0])
  }

  @Test("Regions of three numbers are KDC2014")
  func badShape() {
    let inputs = [Self.x, Tensor([1, 3], [0, 0, 1] as [Float]), Self.images]
    #expect(OperatorCase("RoiAlign", opset: 16).fault(inputs)?.id == .shapeMismatch)
  }
}
