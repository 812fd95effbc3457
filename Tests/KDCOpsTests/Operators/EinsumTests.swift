import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct EinsumTests {
  private static let a = Tensor([2, 2], [1, 2, 3, 4] as [Float])
  private static let b = Tensor([2, 2], [5, 6, 7, 8] as [Float])

  private func run(_ equation: String, _ inputs: [Tensor]) throws -> Tensor {
    try OperatorCase("Einsum", ["equation": .string(equation)]).run(inputs)[0]
  }

  @Test(
    "Equations of two operands",
    arguments: [
      ("ij,jk->ik", [2, 2], [19, 22, 43, 50]), ("ij,jk", [2, 2], [19, 22, 43, 50]),
      ("ij, kj -> ik", [2, 2], [17, 23, 39, 53]),
      ("ij,ij->", [], [70]), ("ij,ij->ij", [2, 2], [5, 12, 21, 32]), ("ij,kl->jl", [2, 2], [48, 56, 72, 84]),
      ("ii,jj->ij", [2, 2], [5, 8, 20, 32]), ("ij,j...->i...", [2, 2], [19, 22, 43, 50]),
      ("...,...", [2, 2], [5, 12, 21, 32]),
    ] as [(String, [Int], [Float])])
  func two(_ equation: String, _ shape: [Int], _ values: [Float]) throws {
    let y = try run(equation, [Self.a, Self.b])
    #expect(y.shape.dims == shape && y.floats == values)
  }

  @Test("Transposes, diagonals and traces of one operand; chains of three; broadcast axes of 1")
  func others() throws {
    #expect(try run("ji", [Self.a]).floats == [1, 3, 2, 4])
    #expect(try run("ii->i", [Self.a]).floats == [1, 4])
    #expect(try run("ii", [Self.a]).floats == [5])
    #expect(try run("ij->ij", [Self.a]).floats == [1, 2, 3, 4])
    #expect(try run("ij,jk,kl->il", [Self.a, Self.b, Self.a]).floats == [85, 126, 193, 286])
    let row = Tensor([1, 2], [1, 10] as [Float])
    #expect(try run("...j,...j->...", [Self.a, row]).floats == [21, 43])
  }

  @Test("Equations that are none are KDC2011, other ranks KDC2014")
  func faults() {
    func fault(_ equation: String) -> DiagnosticID? {
      OperatorCase("Einsum", ["equation": .string(equation)]).fault([Self.a])?.id
    }
    for text in ["i->i->i", "i1", "ij->ii", "......"] { #expect(fault(text) == .invalidAttribute, "\(text)") }
    for text in ["ijk", "ij->k", "ij,jk"] { #expect(fault(text) == .shapeMismatch, "\(text)") }
  }
}
