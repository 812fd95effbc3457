import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct CumProdTests {
  private static let x = Tensor([2, 3], [1, 2, 3, 4, 5, 6] as [Float])

  @Test(
    "CumProd multiplies along its axis, exclusively or in reverse where asked, also as a program",
    arguments: [
      (1, false, false, [1, 2, 6, 4, 20, 120]), (0, false, false, [1, 2, 3, 4, 10, 18]),
      (-1, true, false, [1, 1, 2, 1, 4, 20]), (1, false, true, [6, 6, 3, 120, 30, 6]),
    ] as [(Int, Bool, Bool, [Float])])
  func forms(axis: Int, exclusive: Bool, reverse: Bool, expected: [Float]) throws {
    let op = OperatorCase(
      "CumProd", opset: 26, ["exclusive": .int(exclusive ? 1 : 0), "reverse": .int(reverse ? 1 : 0)])
    let axis = Tensor([], [Int64(axis)])
    #expect(try op.run([Self.x, axis])[0].floats == expected)
    #expect(try op.lowered([Self.x, axis], constants: [1])[0].floats == expected)
  }

  @Test("An axis outside is KDC2011")
  func badAxis() {
    #expect(OperatorCase("CumProd", opset: 26).fault([Self.x, Tensor([], [Int64(2)])])?.id == .invalidAttribute)
  }
}
