import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct ReduceProdTests {
  @Test("ReduceProd multiplies along its axes, also as a program")
  func values() throws {
    let op = OperatorCase("ReduceProd", opset: 18)
    let (x, axes) = (Tensor([2, 3], [1, 2, 3, 4, -5, 6] as [Float]), Tensor([1], [1] as [Int64]))
    #expect(try op.run([x, axes])[0].floats == [6, -120])
    #expect(try op.lowered([x, axes], constants: [1])[0].floats == [6, -120])
  }

  @Test("Reductions take all integers: products wrap, largest and least keep the type's order, means round toward zero")
  func integers() throws {
    let axes = Tensor([1], [0] as [Int64])
    let cases: [(String, Tensor, Tensor)] = [
      ("ReduceProd", Tensor([3], .uint8([100, 3, 1])), Tensor([], .uint8([44]))),
      ("ReduceMax", Tensor([3], .uint64([1, .max, 3])), Tensor([], .uint64([.max]))),
      ("ReduceMin", Tensor([3], .uint64([1, .max, 3])), Tensor([], .uint64([1]))),
      ("ReduceMin", Tensor([3], .int8([1, -128, 3])), Tensor([], .int8([-128]))),
      ("ReduceMean", Tensor([3], .int16([-1, -1, -3])), Tensor([], .int16([-1]))),
      ("ReduceL1", Tensor([3], .int16([-1, 1, -3])), Tensor([], .int16([5]))),
      ("ReduceSumSquare", Tensor([2], .uint32([3, 4])), Tensor([], .uint32([25]))),
      ("ReduceMax", Tensor([2], [false, true]), Tensor([], [true])),
    ]
    for (name, x, expected) in cases {
      let op = OperatorCase(name, opset: 20, ["keepdims": .int(0)])
      let results = [try op.run([x, axes])[0], try op.lowered([x, axes], constants: [1])[0]]
      for result in results { #expect(result.littleEndianBytes == expected.littleEndianBytes, "\(name) of \(x.type)") }
    }
  }

  @Test("The product of bool is KDC2015")
  func bools() {
    #expect(OperatorCase("ReduceProd", opset: 20).fault([Tensor([1], [true])])?.id == .typeMismatch)
  }
}
