import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct ScatterElementsTests {
  private static let data = Tensor([1, 5], [1, 2, 3, 4, 5] as [Float])
  private static let indices = Tensor([1, 3], [1, -2, 1] as [Int64])
  private static let updates = Tensor([1, 3], [10, 20, 30] as [Float])

  @Test(
    "ScatterElements replaces elements or combines them with updates, also as a program",
    arguments: [
      ("none", [1, 30, 3, 20, 5]), ("add", [1, 42, 3, 24, 5]), ("mul", [1, 600, 3, 80, 5]), ("max", [1, 30, 3, 20, 5]),
      ("min", [1, 2, 3, 4, 5]),
    ] as [(String, [Float])])
  func reductions(reduction: String, expected: [Float]) throws {
    let op = OperatorCase("ScatterElements", opset: 18, ["axis": .int(1), "reduction": .string(reduction)])
    let inputs = [Self.data, Self.indices, Self.updates]
    #expect(try op.run(inputs)[0].floats == expected)
    #expect(try op.lowered(inputs)[0].floats == expected)
  }

  @Test("A reduction of another version is KDC2011, an index outside KDC2018, updates of another shape KDC2014")
  func faults() {
    let inputs = [Self.data, Self.indices, Self.updates]
    let early = OperatorCase("ScatterElements", opset: 16, ["reduction": .string("max")])
    #expect(early.fault(inputs)?.id == .invalidAttribute)
    let op = OperatorCase("ScatterElements", opset: 18, ["axis": .int(1)])
    #expect(op.fault([Self.data, Tensor([1, 3], [0, 5, 0] as [Int64]), Self.updates])?.id == .valueOutOfRange)
    #expect(op.fault([Self.data, Self.indices, Self.data])?.id == .shapeMismatch)
  }
}
