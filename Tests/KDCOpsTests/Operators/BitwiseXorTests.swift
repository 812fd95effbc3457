import KDCDiagnostics
import KDCOps
import KDCTensor
import Testing

@Suite struct BitwiseXorTests {
  @Test("BitwiseXor works on every bit of integers, also as a program")
  func values() throws {
    let op = OperatorCase("BitwiseXor", opset: 18)
    let (a, b) = (Tensor([3], [12, 2, 0] as [Int32]), Tensor([3], [10, -1, 7] as [Int32]))
    for result in [try op.run([a, b])[0], try op.lowered([a, b])[0]] {
      guard case .int32(let values) = result.elements else { Issue.record("\(result.type)"); return }
      let expected: [Int32] = [12 ^ 10, 2 ^ -1, 0 ^ 7]
      #expect(values == expected)
    }
  }

  @Test("BitwiseXor broadcasts, in 64 bits without a sign too")
  func broadcast() throws {
    let op = OperatorCase("BitwiseXor", opset: 18)
    let (a, b) = (Tensor([2], .uint64([.max, 1 << 63])), Tensor([1], .uint64([0xff])))
    for result in [try op.run([a, b])[0], try op.lowered([a, b])[0]] {
      guard case .uint64(let values) = result.elements else { Issue.record("\(result.type)"); return }
      let expected: [UInt64] = [UInt64.max ^ 0xff, 1 << 63 ^ 0xff]
      #expect(values == expected)
    }
  }

  @Test("Floats are KDC2015")
  func floats() {
    let x = Tensor([1], [1] as [Float])
    #expect(OperatorCase("BitwiseXor", opset: 18).fault([x, x])?.id == .typeMismatch)
  }
}
