import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct SplitTests {
  private func split(opset: Int = 17, outputs: Int, _ attributes: [String: Attribute] = [:]) -> OperatorCase {
    var result = OperatorCase("Split", opset: opset, attributes)
    result.node.outputs = (0..<outputs).map { "y\($0)" }
    return result
  }
  private let x = Tensor([2, 3], [1, 2, 3, 4, 5, 6] as [Float])

  @Test("Split takes sizes from the attribute before opset 13 and from the input after")
  func sizes() throws {
    let old = try split(opset: 11, outputs: 2, ["axis": .int(1), "split": .ints([1, 2])]).run([x])
    let new = try split(outputs: 2, ["axis": .int(1)]).run([x, Tensor([2], [1, 2] as [Int64])])
    for y in [old, new] {
      #expect(y[0].shape == [2, 1] && y[0].floats == [1, 4])
      #expect(y[1].shape == [2, 2] && y[1].floats == [2, 3, 5, 6])
    }
  }

  @Test("Split cuts evenly; with num_outputs the last part may be smaller")
  func even() throws {
    #expect(try split(outputs: 2).run([x])[1].floats == [4, 5, 6])
    let parts = try split(opset: 18, outputs: 2, ["axis": .int(1), "num_outputs": .int(2)]).run([x])
    #expect(parts.map(\.shape) == [[2, 2], [2, 1]])
  }

  @Test("Sizes that do not fit the axis are KDC2014, computed ones KDC2016")
  func faults() throws {
    #expect(split(outputs: 2, ["axis": .int(1)]).fault([x])?.id == .shapeMismatch)
    #expect(split(outputs: 2).fault([x, Tensor([2], [1, 2] as [Int64])])?.id == .shapeMismatch)
    #expect(split(outputs: 2).fault([x, Tensor([2], [.max, 2] as [Int64])])?.id == .shapeMismatch)
    let wrongCount = split(opset: 18, outputs: 2, ["num_outputs": .int(3)])
    #expect(wrongCount.fault([x])?.id == .invalidAttribute)
    let op = try Operators.decode(split(outputs: 2).node)
    let fault = #expect(throws: Diagnostic.self) {
      try op.outputTypes([OperatorInput(type: x.type), OperatorInput(type: TensorType(.int64, [2]))])
    }
    #expect(fault?.id == .notConstant)
  }
}
