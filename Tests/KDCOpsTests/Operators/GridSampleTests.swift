import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct GridSampleTests {
  private static let x = Tensor([1, 1, 2, 3], [1, 2, 3, 4, 5, 6] as [Float])

  private func sample(_ places: [Float], _ attributes: [String: Attribute]) throws -> [Float] {
    let op = OperatorCase("GridSample", opset: 20, attributes)
    let inputs = [Self.x, Tensor([1, 1, places.count / 2, 2], places)]
    let results = try op.run(inputs)[0]
    #expect(try op.lowered(inputs)[0].littleEndianBytes == results.littleEndianBytes)
    return results.floats ?? []
  }

  @Test("Places are x, y from −1 to 1 between the edges, or between the middles of the outermost elements")
  func places() throws {
    #expect(try sample([0, 0, -1, -1, 1, 1], ["align_corners": .int(1)]) == [3.5, 1, 6])
    #expect(try sample([0, 0, -1, -1], [:]) == [3.5, 0.25])
    #expect(try sample([0, -0.5], ["mode": .string("nearest")]) == [2])
  }

  @Test("Beyond the border are zeros, the outermost elements, or the others backwards")
  func padding() throws {
    let places: [Float] = [2, 1, -2, -1]
    let aligned: [String: Attribute] = ["align_corners": .int(1)]
    #expect(try sample(places, aligned) == [0, 0])
    #expect(try sample(places, aligned.merging(["padding_mode": .string("border")]) { $1 }) == [6, 1])
    #expect(try sample(places, aligned.merging(["padding_mode": .string("reflection")]) { $1 }) == [5, 2])
    #expect(try sample([.nan, .infinity], ["padding_mode": .string("border")]) == [4])
  }

  @Test("The cubic kernel gives the elements at their places")
  func cubic() throws {
    #expect(
      try sample([-1, -1, 0, 1, 1, -1], ["mode": .string("cubic"), "align_corners": .int(1)]) == [1, 5, 3])
  }

  @Test("Three axes are sampled too; a grid of other axes is KDC2014")
  func volumes() throws {
    let x = Tensor([1, 1, 2, 2, 2], [0, 1, 2, 3, 4, 5, 6, 7] as [Float])
    let op = OperatorCase("GridSample", opset: 20, ["align_corners": .int(1)])
    #expect(try op.run([x, Tensor([1, 1, 1, 2, 3], [0, 0, 0, 1, 1, -1] as [Float])])[0].floats == [3.5, 3])
    #expect(op.fault([x, Tensor([1, 1, 1, 2], [0, 0] as [Float])])?.id == .shapeMismatch)
  }
}
