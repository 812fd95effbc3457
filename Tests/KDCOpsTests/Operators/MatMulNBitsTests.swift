import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct MatMulNBitsTests {
  private func op(_ attributes: [String: Attribute] = [:]) -> OperatorCase {
    OperatorCase(
      "MatMulNBits", domain: "com.microsoft", opset: 1,
      ["K": .int(16), "N": .int(1), "block_size": .int(8)].merging(attributes) { $1 })
  }
  private static let a = Tensor([1, 16], (0..<16).map { $0 == 1 || $0 == 9 ? 1 : 0 as Float })

  @Test("Four bits, the lower ones first, with a scale for each block; the middle is 0 unless it is given")
  func nibbles() throws {
    // Element 1 is the upper half of byte 0, element 9 that of the second block's first.
    let b = Tensor([1, 2, 4], .uint8([0x90, 0, 0, 0, 0xF0, 0, 0, 0]))
    let scales = Tensor([2], [1, 10] as [Float])
    #expect(try op().run([Self.a, b, scales])[0].floats == [1 + 70])
    // Zero points 1 and 5 in one byte.
    #expect(try op().run([Self.a, b, scales, Tensor([1], .uint8([0x51]))])[0].floats == [8 + 100])
    let bias = Tensor([1], [0.5] as [Float])
    #expect(try op().run([Self.a, b, scales, nil, nil, bias])[0].floats == [71.5])
  }

  @Test("Eight bits")
  func bytes() throws {
    let b = Tensor([1, 2, 8], .uint8([0, 129, 0, 0, 0, 0, 0, 0, 0, 127, 0, 0, 0, 0, 0, 0]))
    #expect(try op(["bits": .int(8)]).run([Self.a, b, Tensor([2], [2, 1] as [Float])])[0].floats == [1])
  }

  @Test("Too few bytes are KDC2014, weights that are computed KDC2016")
  func faults() throws {
    let scales = Tensor([2], [1, 1] as [Float])
    #expect(op().fault([Self.a, Tensor([1, 1, 4], .uint8([0, 0, 0, 0])), scales])?.id == .shapeMismatch)
    let computed = OperatorInput(type: TensorType(.uint8, [1, 2, 4]))
    let decoded = try Operators.decode(op().node)
    #expect(throws: Diagnostic.self) {
      try decoded.outputTypes([OperatorInput(type: Self.a.type), computed, OperatorInput(type: scales.type)])
    }
  }
}
