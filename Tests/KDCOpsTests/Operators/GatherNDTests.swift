import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct GatherNDTests {
  private static let data = Tensor([2, 2, 2], [0, 1, 2, 3, 4, 5, 6, 7] as [Float])

  @Test("GatherND picks elements and slices, negative indices from the end, also as a program")
  func picks() throws {
    let op = OperatorCase("GatherND")
    let slices = Tensor([2, 2], [0, 1, -1, 0] as [Int64])
    let elements = Tensor([2, 1, 3], [0, 0, 1, 1, -1, 0] as [Int64])
    for results in [try op.run([Self.data, slices]), try op.lowered([Self.data, slices])] {
      #expect(results[0].floats == [2, 3, 4, 5])
      #expect(results[0].shape == [2, 2])
    }
    for results in [try op.run([Self.data, elements]), try op.lowered([Self.data, elements])] {
      #expect(results[0].floats == [1, 6])
      #expect(results[0].shape == [2, 1])
    }
  }

  @Test("Batch axes are walked together")
  func batch() throws {
    let op = OperatorCase("GatherND", ["batch_dims": .int(1)])
    let indices = Tensor([2, 1], [1, 0] as [Int64])
    for results in [try op.run([Self.data, indices]), try op.lowered([Self.data, indices])] {
      #expect(results[0].floats == [2, 3, 4, 5])
    }
  }

  @Test("An index outside is KDC2018 where it is known, and more indices than axes are KDC2014")
  func faults() {
    #expect(OperatorCase("GatherND").fault([Self.data, Tensor([1, 1], [2] as [Int64])])?.id == .valueOutOfRange)
    #expect(OperatorCase("GatherND").fault([Self.data, Tensor([4], [0, 0, 0, 0] as [Int64])])?.id == .shapeMismatch)
  }
}
