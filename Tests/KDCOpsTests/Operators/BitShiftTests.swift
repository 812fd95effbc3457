import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct BitShiftTests {
  private static let a = Tensor([4], .uint8([1, 128, 255, 3]))
  private static let b = Tensor([4], .uint8([3, 1, 4, 200]))

  @Test(
    "BitShift goes left or right; by all bits or more it leaves nothing, also as a program",
    arguments: [("LEFT", [8, 0, 240, 0]), ("RIGHT", [0, 64, 15, 0])] as [(String, [UInt8])])
  func values(direction: String, expected: [UInt8]) throws {
    let op = OperatorCase("BitShift", ["direction": .string(direction)])
    for result in [try op.run([Self.a, Self.b])[0], try op.lowered([Self.a, Self.b])[0]] {
      guard case .uint8(let values) = result.elements else { Issue.record("\(result.type)"); return }
      #expect(values == expected)
    }
  }

  @Test("A missing direction is KDC2011, a signed integer KDC2015")
  func faults() {
    #expect(OperatorCase("BitShift").fault([Self.a, Self.b])?.id == .invalidAttribute)
    let x = Tensor([1], [1] as [Int32])
    #expect(OperatorCase("BitShift", ["direction": .string("LEFT")]).fault([x, x])?.id == .typeMismatch)
  }
}
