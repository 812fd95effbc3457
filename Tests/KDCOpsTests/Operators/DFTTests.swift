import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct DFTTests {
  @Test("Bins of a real signal; one-sided ones; a longer length pads with zeros")
  func real() throws {
    let x = Tensor([1, 4, 1], [1, 2, 3, 4] as [Float])
    let all: [Float] = [10, 0, -2, 2, -2, 0, -2, -2]
    #expect(isClose(try OperatorCase("DFT", opset: 20).run([x])[0], Tensor([1, 4, 2], all)))
    let half = OperatorCase("DFT", opset: 17, ["onesided": .int(1)])
    #expect(isClose(try half.run([x])[0], Tensor([1, 3, 2], Array(all.prefix(6)))))
    let two = try OperatorCase("DFT", opset: 20).run([x, Tensor([], [2] as [Int64])])[0]
    #expect(isClose(two, Tensor([1, 2, 2], [3, 0, -1, 0] as [Float])))
  }

  @Test("The inverse along another axis gives back what was transformed")
  func inverse() throws {
    let x = Tensor([3, 2, 2], [1, -1, 2, 0, 5, 3, 0, 1, 2, 2, -4, 0] as [Float])
    let axis = Tensor([], [0] as [Int64])
    let y = try OperatorCase("DFT", opset: 20).run([x, nil, axis])[0]
    let back = try OperatorCase("DFT", opset: 20, ["inverse": .int(1)]).run([y, nil, axis])[0]
    #expect(isClose(back, x))
    #expect(!isClose(y, x))
  }

  @Test("An axis that is neither real nor complex is KDC2014")
  func parts() {
    #expect(OperatorCase("DFT").fault([Tensor([1, 1, 3], [1, 2, 3] as [Float])])?.id == .shapeMismatch)
  }
}
