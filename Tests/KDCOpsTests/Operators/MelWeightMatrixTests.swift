import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct MelWeightMatrixTests {
  private func scalar(_ value: Int64) -> Tensor { Tensor([], [value]) }

  @Test("Triangles rise and fall around their centres")
  func triangles() throws {
    let low = Tensor([], [0] as [Float])
    let high = Tensor([], [8000] as [Float])
    let y = try OperatorCase("MelWeightMatrix").run([scalar(2), scalar(32), scalar(16000), low, high])[0]
    #expect(y.shape == [17, 2])
    let columns = (0..<2).map { column in (0..<17).compactMap { y.floats?[$0 * 2 + column] } }
    #expect(columns[0] == [0, 1, 0.5] + [Float](repeating: 0, count: 14))
    #expect(columns[1] == [0, 0, 0.5, 1, 0.8, 0.6, 0.4, 0.2] + [Float](repeating: 0, count: 9))
  }

  @Test("Edges in the wrong order are KDC2018")
  func edges() {
    let (low, high) = (Tensor([], [100] as [Float]), Tensor([], [50] as [Float]))
    let fault = OperatorCase("MelWeightMatrix").fault([scalar(8), scalar(16), scalar(8192), low, high])
    #expect(fault?.id == .valueOutOfRange)
  }
}
