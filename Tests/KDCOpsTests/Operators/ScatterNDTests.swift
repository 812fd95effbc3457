import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct ScatterNDTests {
  private static let data = Tensor([3, 2], [1, 2, 3, 4, 5, 6] as [Float])

  @Test("ScatterND writes slices and elements, also as a program")
  func values() throws {
    let op = OperatorCase("ScatterND", opset: 18)
    let slices = [Self.data, Tensor([2, 1], [2, 0] as [Int64]), Tensor([2, 2], [7, 8, 9, 10] as [Float])]
    #expect(try op.run(slices)[0].floats == [9, 10, 3, 4, 7, 8])
    #expect(try op.lowered(slices)[0].floats == [9, 10, 3, 4, 7, 8])
    let elements = [Self.data, Tensor([1, 2], [1, -1] as [Int64]), Tensor([1], [0] as [Float])]
    #expect(try op.run(elements)[0].floats == [1, 2, 3, 0, 5, 6])
    #expect(try op.lowered(elements)[0].floats == [1, 2, 3, 0, 5, 6])
  }

  @Test("Updates of one slice add up in turn; integers wrap")
  func sums() throws {
    let op = OperatorCase("ScatterND", opset: 18, ["reduction": .string("add")])
    let inputs = [Tensor([2], .uint8([250, 1])), Tensor([2, 1], [0, 0] as [Int64]), Tensor([2], .uint8([5, 6]))]
    for result in [try op.run(inputs)[0], try op.lowered(inputs)[0]] {
      #expect(result.littleEndianBytes == [5, 1])
    }
  }

  @Test("A device leaves out what an index outside is for")
  func outside() throws {
    let op = OperatorCase("ScatterND", opset: 18)
    let inputs = [Self.data, Tensor([2, 1], [3, 1] as [Int64]), Tensor([2, 2], [7, 8, 9, 10] as [Float])]
    #expect(op.fault(inputs)?.id == .valueOutOfRange)
    #expect(try op.lowered(inputs)[0].floats == [1, 2, 9, 10, 5, 6])
  }

  @Test("Updates of another shape are KDC2014")
  func badShape() {
    let inputs = [Self.data, Tensor([2, 1], [2, 0] as [Int64]), Tensor([2], [7, 8] as [Float])]
    #expect(OperatorCase("ScatterND", opset: 18).fault(inputs)?.id == .shapeMismatch)
  }
}
