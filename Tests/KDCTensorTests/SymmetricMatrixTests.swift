import KDCTensor
import KDCTestSupport
import Testing

@Suite struct SymmetricMatrixTests {
  private func random(_ count: Int, seed: UInt64) -> [Double] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in Double.random(in: -1...1, using: &generator) }
  }

  /// M·Mᵀ + I, which is positive definite.
  private func positive(_ n: Int, seed: UInt64) -> [Double] {
    let m = random(n * n, seed: seed)
    var result = BLAS.gemm(transposeB: true, m: n, n: n, k: n, a: m, b: m)
    for index in 0..<n { result[index * n + index] += 1 }
    return result
  }

  @Test("A Cholesky solution satisfies the equations", arguments: [1, 2, 7, 40])
  func solution(n: Int) throws {
    let (a, b) = (positive(n, seed: 5), random(3 * n, seed: 6))
    let x = try #require(LAPACK.solve(matrix: a, right: b, n: n, count: 3))
    let product = BLAS.gemm(m: 3, n: n, k: n, a: x, b: a)
    #expect(zip(product, b).allSatisfy { abs($0 - $1) < 1e-9 })
  }

  @Test("A matrix that is not positive definite has no Cholesky solution")
  func indefinite() {
    #expect(LAPACK.solve(matrix: [1, 2, 2, 1], right: [1, 1], n: 2, count: 1) == nil)
    #expect(LAPACK.solve(matrix: [.nan, 0, 0, 1], right: [1, 1], n: 2, count: 1) == nil)
  }

  @Test("Eigenvectors are orthonormal rows, and the matrix is their sum")
  func eigenvectors() throws {
    let n = 9
    let a = positive(n, seed: 8)
    let (values, vectors) = try #require(LAPACK.eigen(symmetric: a, n: n))
    #expect(values == values.sorted())
    let gram = BLAS.gemm(transposeB: true, m: n, n: n, k: n, a: vectors, b: vectors)
    for i in 0..<n { for j in 0..<n { #expect(abs(gram[i * n + j] - (i == j ? 1 : 0)) < 1e-10) } }
    let scaled = (0..<n * n).map { vectors[$0] * values[$0 / n] }
    let sum = BLAS.gemm(transposeA: true, m: n, n: n, k: n, a: vectors, b: scaled)
    #expect(zip(sum, a).allSatisfy { abs($0 - $1) < 1e-9 })
  }
}
