import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct ReshapeTests {
  private let x = Tensor([2, 3, 4], (0..<24).map { Float($0) })

  @Test(
    "Reshape copies dimensions at 0 and computes the one at −1",
    arguments: [
      ([4, 6], [4, 6]), ([0, -1], [2, 12]), ([-1], [24]), ([0, 0, 2, -1], [2, 3, 2, 2]), ([1, 24, 1], [1, 24, 1]),
    ] as [([Int64], Shape)])
  func shapes(wanted: [Int64], expected: Shape) throws {
    let y = try OperatorCase("Reshape").run([x, Tensor([wanted.count], wanted)])[0]
    #expect(y.shape == expected && y.floats == x.floats)
  }

  @Test("With allowzero a 0 is a dimension of 0")
  func allowZero() throws {
    let empty = Tensor([0, 3], [] as [Float])
    let op = OperatorCase("Reshape", ["allowzero": .int(1)])
    #expect(try op.run([empty, Tensor([2], [3, 0] as [Int64])])[0].shape == [3, 0])
  }

  @Test(
    "A shape that does not hold the elements is KDC2014",
    arguments: [[5, 5], [-1, -1], [-1, 7], [-2, 12], [24, 1, 1, 0], [.max, .max], [0, -1, 0]] as [[Int64]])
  func misfits(wanted: [Int64]) {
    let fault = OperatorCase("Reshape").fault([x, Tensor([wanted.count], wanted)])
    #expect(wanted == [0, -1, 0] ? fault?.id == nil || fault?.id == .shapeMismatch : fault?.id == .shapeMismatch)
  }

  @Test("A shape computed from data is KDC2016")
  func computed() throws {
    let op = try Operators.decode(OperatorCase("Reshape").node)
    let fault = #expect(throws: Diagnostic.self) {
      try op.outputTypes([OperatorInput(type: x.type), OperatorInput(type: TensorType(.int64, [2]))])
    }
    #expect(fault?.id == .notConstant)
  }
}
