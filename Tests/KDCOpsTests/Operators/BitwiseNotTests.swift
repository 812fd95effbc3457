import KDCDiagnostics
import KDCOps
import KDCTensor
import Testing

@Suite struct BitwiseNotTests {
  @Test("BitwiseNot turns every bit, also as a program")
  func values() throws {
    let op = OperatorCase("BitwiseNot", opset: 18)
    let x = Tensor([3], .uint16([0, 1, 0xff00]))
    for result in [try op.run([x])[0], try op.lowered([x])[0]] {
      guard case .uint16(let values) = result.elements else { Issue.record("\(result.type)"); return }
      #expect(values == [0xffff, 0xfffe, 0x00ff])
    }
  }

  @Test("Bool is KDC2015")
  func bools() {
    #expect(OperatorCase("BitwiseNot", opset: 18).fault([Tensor([1], [true])])?.id == .typeMismatch)
  }
}
