import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct STFTTests {
  @Test("Frames overlap, and are weighted by the window")
  func frames() throws {
    let signal = Tensor([1, 4, 1], [1, 2, 3, 4] as [Float])
    let (step, length) = (Tensor([], [1] as [Int64]), Tensor([], [2] as [Int64]))
    let y = try OperatorCase("STFT").run([signal, step, nil, length])[0]
    #expect(isClose(y, Tensor([1, 3, 2, 2], [3, 0, -1, 0, 5, 0, -1, 0, 7, 0, -1, 0] as [Float])))
    let window = Tensor([2], [1, 0] as [Float])
    let z = try OperatorCase("STFT").run([signal, step, window])[0]
    #expect(isClose(z, Tensor([1, 3, 2, 2], [1, 0, 1, 0, 2, 0, 2, 0, 3, 0, 3, 0] as [Float])))
  }

  @Test("Frames that are longer than the signal are KDC2014")
  func long() {
    let signal = Tensor([1, 1, 1], [1] as [Float])
    let (step, length) = (Tensor([], [1] as [Int64]), Tensor([], [2] as [Int64]))
    #expect(OperatorCase("STFT").fault([signal, step, nil, length])?.id == .shapeMismatch)
  }
}
