import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import KDCTestSupport
import Testing

@Suite struct ReduceMeanTests {
  private let x = Tensor([2, 2, 2], (1...8).map(Float.init))

  @Test("ReduceMean over any axes equals the mean, with and without keepdims")
  func axes() throws {
    let cases: [([Int64], [Float])] = [
      ([0], [3, 4, 5, 6]), ([1], [2, 3, 6, 7]), ([2], [1.5, 3.5, 5.5, 7.5]), ([0, 2], [3.5, 5.5]),
      ([-1, -2], [2.5, 6.5]),
      ([0, 1, 2], [4.5]),
    ]
    for (axes, expected) in cases {
      let reduced = OperatorCase("ReduceMean", opset: 13, ["axes": .ints(axes), "keepdims": .int(0)])
      #expect(try reduced.run([x])[0].floats == expected, "axes \(axes)")
      let kept = OperatorCase("ReduceMean", opset: 13, ["axes": .ints(axes)])
      #expect(try kept.run([x])[0].shape.rank == 3)
    }
  }

  @Test("Axes are an attribute before opset 18 and an input from then on")
  func versions() throws {
    let axes = Tensor([1], [1] as [Int64])
    #expect(try OperatorCase("ReduceMean", opset: 18).run([x, axes])[0].floats == [2, 3, 6, 7])
    #expect(try OperatorCase("ReduceMean", opset: 13).run([x])[0].floats == [4.5])
  }

  @Test("An axis outside the input is KDC2011, axes computed from data KDC2016")
  func faults() throws {
    #expect(OperatorCase("ReduceMean", opset: 13, ["axes": .ints([3])]).fault([x])?.id == .invalidAttribute)
    let op = try Operators.decode(OperatorCase("ReduceMean", opset: 18).node)
    let unknown = OperatorInput(type: TensorType(.int64, [1]))
    #expect { try op.outputTypes([OperatorInput(type: x.type), unknown]) } throws: {
      ($0 as? Diagnostic)?.id == .notConstant
    }
  }
}
