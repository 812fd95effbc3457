import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct SliceTests {
  private let x = Tensor([2, 4], [0, 1, 2, 3, 10, 11, 12, 13] as [Float])
  private func ints(_ values: [Int64]) -> Tensor { Tensor([values.count], values) }

  @Test("Slice takes ranges from attributes in opset 9")
  func attributes() throws {
    let op = OperatorCase("Slice", opset: 9, ["starts": .ints([1]), "ends": .ints([3]), "axes": .ints([1])])
    #expect(try op.run([x])[0].floats == [1, 2, 11, 12])
  }

  @Test(
    "Slice clamps ends, counts negative positions from the end, and steps backwards",
    arguments: [
      (0, .max, 1, [0, 1, 2, 3]), (-3, -1, 1, [1, 2]), (3, 1, 1, []), (0, 4, 2, [0, 2]), (-1, .min, -1, [3, 2, 1, 0]),
      (2, 0, -1, [2, 1]), (3, -100, -2, [3, 1]), (0, 4, .max, [0]), (3, .min, .min, [3]), (100, 200, 1, []),
    ] as [(Int64, Int64, Int64, [Float])])
  func ranges(start: Int64, end: Int64, step: Int64, expected: [Float]) throws {
    let y = try OperatorCase("Slice").run([x, ints([start]), ints([end]), ints([1]), ints([step])])[0]
    #expect(y.floats == expected + expected.map { $0 + 10 })
  }

  @Test("Slice without axes starts at the first")
  func defaultAxes() throws {
    #expect(try OperatorCase("Slice").run([x, ints([1, 2]), ints([2, 4])])[0].floats == [12, 13])
  }

  @Test("A step of 0 or an axis outside is KDC2011, lists of unequal length KDC2014, missing starts KDC2012")
  func faults() {
    let op = OperatorCase("Slice")
    #expect(op.fault([x, ints([0]), ints([1]), ints([0]), ints([0])])?.id == .invalidAttribute)
    #expect(op.fault([x, ints([0]), ints([1]), ints([2])])?.id == .invalidAttribute)
    #expect(op.fault([x, ints([0, 0]), ints([1])])?.id == .shapeMismatch)
    #expect(op.fault([x])?.id == .missingInput)
  }
}
