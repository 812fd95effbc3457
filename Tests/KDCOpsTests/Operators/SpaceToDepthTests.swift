import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import KDCTestSupport
import Testing

@Suite struct SpaceToDepthTests {
  @Test("SpaceToDepth undoes DepthToSpace")
  func inverse() throws {
    var random = SeededGenerator(seed: 42)
    let x = random.tensor(2, 8, 3, 5)
    let deep = try OperatorCase("DepthToSpace", ["blocksize": .int(2)]).run([x])[0]
    let back = try OperatorCase("SpaceToDepth", ["blocksize": .int(2)]).run([deep])[0]
    #expect(back.shape == x.shape && back.floats == x.floats, "seed 42")
  }

  @Test("SpaceToDepth keeps the data type")
  func integers() throws {
    let y = try OperatorCase("SpaceToDepth", ["blocksize": .int(2)]).run([
      Tensor([1, 1, 2, 2], [1, 2, 3, 4] as [Int64])
    ])
    #expect(y[0].int64s == [1, 2, 3, 4] && y[0].shape == [1, 4, 1, 1])
  }

  @Test("A height that is no multiple of the block is KDC2014")
  func faults() {
    let x = Tensor([1, 1, 3, 2], [Float](repeating: 0, count: 6))
    #expect(OperatorCase("SpaceToDepth", ["blocksize": .int(2)]).fault([x])?.id == .shapeMismatch)
  }
}
