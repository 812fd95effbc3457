import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct RangeOperatorTests {
  private func range(_ values: [Int64]) -> [Tensor] { values.map { Tensor([], [$0]) } }

  @Test("Range counts up, down, and not at all")
  func integers() throws {
    #expect(try OperatorCase("Range").run(range([1, 8, 3]))[0].int64s == [1, 4, 7])
    #expect(try OperatorCase("Range").run(range([5, 0, -2]))[0].int64s == [5, 3, 1])
    #expect(try OperatorCase("Range").run(range([5, 0, 2]))[0].int64s == [])
  }

  @Test("Range of floats")
  func floats() throws {
    let y = try OperatorCase("Range").run([0, 1, 0.25].map { Tensor([], [$0] as [Float]) })[0]
    #expect(y.floats == [0, 0.25, 0.5, 0.75])
  }

  @Test("A delta of 0 or an immense range is KDC2018, a vector KDC2014, data KDC2016")
  func faults() throws {
    #expect(OperatorCase("Range").fault(range([0, 1, 0]))?.id == .valueOutOfRange)
    #expect(OperatorCase("Range").fault(range([0, .max, 1]))?.id == .valueOutOfRange)
    #expect(OperatorCase("Range").fault([Tensor([2], [1, 2] as [Int64])] + range([1, 1]))?.id == .shapeMismatch)
    let op = try Operators.decode(OperatorCase("Range").node)
    let scalar = OperatorInput(type: TensorType(.int64, []))
    let fault = #expect(throws: Diagnostic.self) { try op.outputTypes([scalar, scalar, scalar]) }
    #expect(fault?.id == .notConstant)
  }
}
