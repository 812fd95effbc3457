import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct DynamicQuantizeLSTMTests {
  private let op = OperatorCase(
    "DynamicQuantizeLSTM", domain: "com.microsoft", opset: 1, ["hidden_size": .int(1)])
  private let x = Tensor([2, 1, 2], [1, -0.5, 2, 0.25] as [Float])

  @Test("It is LSTM with the reals that its transposed weights stand for, by direction or by row")
  func values() throws {
    let reals = try OperatorCase("LSTM", ["hidden_size": .int(1)]).run([
      x, Tensor([1, 4, 2], [0, 2, 0.5, 2.5, 1, 3, 1.5, 3.5] as [Float]), Tensor([1, 4, 1], [-1, 0, 1, 2] as [Float]),
    ])
    let w = Tensor([1, 2, 4], .uint8([10, 11, 12, 13, 14, 15, 16, 17]))
    let r = Tensor([1, 1, 4], .uint8([9, 10, 11, 12]))
    for count in [1, 4] {
      let shape: Shape = count == 1 ? [1] : [1, 4]
      let zero = Tensor(shape, .uint8([UInt8](repeating: 10, count: count)))
      let scales = [0.5, 1].map { Tensor(shape, [Float](repeating: $0, count: count)) }
      let y = try op.run([x, w, r, nil, nil, nil, nil, nil, scales[0], zero, scales[1], zero])
      for index in 0..<3 { #expect(isClose(y[index], reals[index])) }
    }
  }

  @Test("Float weights are KDC2015, scales for other rows KDC2014")
  func faults() {
    let float = Tensor([1, 2, 4], [Float](repeating: 1, count: 8))
    let w = Tensor([1, 2, 4], .uint8([UInt8](repeating: 1, count: 8)))
    let (scale, zero) = (Tensor([3], [1, 1, 1] as [Float]), Tensor([3], .uint8([1, 1, 1])))
    #expect(
      op.fault([x, float, float, nil, nil, nil, nil, nil, scale, zero, scale, zero])?.id == .typeMismatch)
    #expect(op.fault([x, w, w, nil, nil, nil, nil, nil, scale, zero, scale, zero])?.id == .shapeMismatch)
  }
}
