import KDCDiagnostics
import KDCOps
import KDCTensor
import KDCTestSupport
import Testing

@Suite struct MatMulTests {
  @Test("MatMul treats vectors as a row or a column")
  func vectors() throws {
    let v = Tensor([2], [1, 2] as [Float])
    let m = Tensor([2, 2], [1, 2, 3, 4] as [Float])
    let multiply = OperatorCase("MatMul")
    #expect(try multiply.run([v, v])[0].type == TensorType(.float32, []))
    #expect(try multiply.run([v, v])[0].floats == [5])
    #expect(try multiply.run([v, m])[0].floats == [7, 10])
    #expect(try multiply.run([m, v])[0].floats == [5, 11])
  }

  @Test("MatMul broadcasts the axes before the matrices")
  func broadcast() throws {
    var random = SeededGenerator(seed: 6)
    let (a, b) = (random.tensor(2, 1, 3, 4), random.tensor(5, 4, 2))
    let y = try OperatorCase("MatMul").run([a, b])[0]
    #expect(y.shape == [2, 5, 3, 2])
    let (x, w) = (a.floats ?? [], b.floats ?? [])
    for i in 0..<2 {
      for j in 0..<5 {
        for r in 0..<3 {
          for c in 0..<2 {
            let sum = (0..<4).map { x[i * 12 + r * 4 + $0] * w[j * 8 + $0 * 2 + c] }.reduce(0, +)
            #expect(abs(sum - (y.floats?[((i * 5 + j) * 3 + r) * 2 + c] ?? .nan)) < 1e-5, "seed 6")
          }
        }
      }
    }
  }

  @Test("A product of matrices wider and taller than one block equals the sum of products")
  func blocks() throws {
    var random = SeededGenerator(seed: 7)
    for (m, n) in [(3, 600), (600, 3)] {
      let (a, b) = (random.tensor(m, 5), random.tensor(5, n))
      let y = try OperatorCase("MatMul").run([a, b])[0].floats ?? []
      let (x, w) = (a.floats ?? [], b.floats ?? [])
      for i in 0..<m {
        for j in 0..<n {
          let sum = (0..<5).map { x[i * 5 + $0] * w[$0 * n + j] }.reduce(0, +)
          #expect(abs(sum - y[i * n + j]) < 1e-5, "seed 7")
        }
      }
    }
  }

  @Test("Inner sizes or batches that differ are KDC2014")
  func faults() {
    var random = SeededGenerator(seed: 8)
    #expect(OperatorCase("MatMul").fault([random.tensor(2, 3), random.tensor(2, 3)])?.id == .shapeMismatch)
    #expect(OperatorCase("MatMul").fault([random.tensor(2, 2, 3), random.tensor(3, 3, 3)])?.id == .shapeMismatch)
    #expect(OperatorCase("MatMul").fault([Tensor([], [1] as [Float]), random.tensor(3)])?.id == .shapeMismatch)
  }
}
