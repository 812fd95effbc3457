import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct ShapeOperatorTests {
  @Test(
    "Shape gives the dimensions from start to end",
    arguments: [
      ([:], [2, 3, 4]), (["start": 1], [3, 4]), (["end": -1], [2, 3]), (["start": -1], [4]),
      (["start": 2, "end": 1], []),
      (["start": -9, "end": 9], [2, 3, 4]),
    ] as [([String: Int64], [Int64])])
  func ranges(attributes: [String: Int64], expected: [Int64]) throws {
    let x = Tensor([2, 3, 4], [Float](repeating: 0, count: 24))
    let y = try OperatorCase("Shape", attributes.mapValues { .int($0) }).run([x])[0]
    #expect(y.int64s == expected)
  }

  @Test("Shape is known from the type alone")
  func fromType() throws {
    let op = try #require(try Operators.decode(OperatorCase("Shape").node) as? any TypeDetermined)
    let y = try op.outputs(forTypes: [OperatorInput(type: TensorType(.float32, [5, 6]))])
    #expect(y[0].int64s == [5, 6])
  }
}
