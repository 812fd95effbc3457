import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct Col2ImTests {
  private func ints(_ values: [Int64]) -> Tensor { Tensor([values.count], values) }

  @Test("Blocks are added up where they lie")
  func overlaps() throws {
    let x = Tensor([1, 2, 3], [1, 2, 3, 10, 20, 30] as [Float])
    let y = try OperatorCase("Col2Im", opset: 18).run([x, ints([4]), ints([2])])[0]
    #expect(y.floats == [1, 12, 23, 30])
  }

  @Test("What lies in the padding is left out, channels are apart")
  func padding() throws {
    let x = Tensor([1, 8, 1], [1, 2, 3, 4, 5, 6, 7, 8] as [Float])
    let op = OperatorCase("Col2Im", opset: 18, ["pads": .ints([0, 1, 0, 0])])
    let y = try op.run([x, ints([2, 1]), ints([2, 2])])[0]
    #expect(y.shape == [1, 2, 2, 1])
    #expect(y.floats == [2, 4, 6, 8])
  }

  @Test("An input of other positions is KDC2014")
  func badShape() {
    let x = Tensor([1, 2, 2], [1, 2, 3, 4] as [Float])
    #expect(OperatorCase("Col2Im", opset: 18).fault([x, ints([4]), ints([2])])?.id == .shapeMismatch)
  }
}
