import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct PadTests {
  private let x = Tensor([2, 3], [1, 2, 3, 4, 5, 6] as [Float])
  private func ints(_ values: [Int64]) -> Tensor { Tensor([values.count], values) }
  private func row(_ mode: String, opset: Int = 17, _ before: Int64, _ after: Int64) throws -> [Float]? {
    let op = OperatorCase("Pad", opset: opset, ["mode": .string(mode)])
    return try op.run([Tensor([3], [1, 2, 3] as [Float]), ints([before, after])])[0].floats
  }

  @Test("Pad surrounds with a value, from attributes before opset 11 and from inputs after")
  func constants() throws {
    let expected: [Float] = [9, 1, 2, 3, 9, 4, 5, 6]
    let old = OperatorCase("Pad", opset: 10, ["pads": .ints([0, 1, 0, 0]), "value": .float(9)])
    #expect(try old.run([x])[0].floats == expected)
    let new = try OperatorCase("Pad").run([x, ints([0, 1, 0, 0]), Tensor([], [9] as [Float])])[0]
    #expect(new.shape == [2, 4] && new.floats == expected)
    #expect(try OperatorCase("Pad").run([x, ints([0, 1, 0, 0])])[0].floats?[0] == 0)
  }

  @Test("Pad pads only the axes named, and cuts where a pad is negative")
  func axes() throws {
    let op = OperatorCase("Pad", opset: 18)
    let y = try op.run([x, ints([-1, 1]), nil, ints([-1])])[0]
    #expect(y.shape == [2, 3] && y.floats == [2, 3, 0, 5, 6, 0])
  }

  @Test("Pad reflects, repeats the edge and wraps around")
  func modes() throws {
    #expect(try row("reflect", 2, 1) == [3, 2, 1, 2, 3, 2])
    #expect(try row("edge", 2, 1) == [1, 1, 1, 2, 3, 3])
    #expect(try row("wrap", opset: 19, 2, 4) == [2, 3, 1, 2, 3, 1, 2, 3, 1])
  }

  @Test("Pads that do not fit are KDC2014, an unknown mode KDC2011, a value of another type KDC2015")
  func faults() {
    let op = OperatorCase("Pad")
    #expect(op.fault([x, ints([0, 1])])?.id == .shapeMismatch)
    #expect(op.fault([x, ints([-2, 0, -1, 0])])?.id == .shapeMismatch)
    #expect(op.fault([x, ints([.max, 0, .max, 0])])?.id == .shapeMismatch)
    #expect(OperatorCase("Pad", ["mode": .string("reflect")]).fault([x, ints([2, 0, 0, 0])])?.id == .shapeMismatch)
    #expect(OperatorCase("Pad", ["mode": .string("wrap")]).fault([x, ints([0, 0, 0, 0])])?.id == .invalidAttribute)
    #expect(op.fault([x, ints([0, 0, 0, 0]), Tensor([], [1] as [Int64])])?.id == .typeMismatch)
  }
}
