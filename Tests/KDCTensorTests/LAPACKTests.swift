import KDCTensor
import KDCTestSupport
import Testing

@Suite("LAPACK")
struct LAPACKTests {
  /// A · Aᵀ + I for a random A.
  private func matrix(_ n: Int, seed: UInt64) -> [Double] {
    var generator = SeededGenerator(seed: seed)
    let a = (0..<n * n).map { _ in Double.random(in: -1...1, using: &generator) }
    var result = [Double](repeating: 0, count: n * n)
    for row in 0..<n {
      for column in 0..<n {
        result[row * n + column] = (0..<n).reduce(row == column ? 1 : 0) { $0 + a[row * n + $1] * a[column * n + $1] }
      }
    }
    return result
  }

  @Test("The factor's lower triangle times its transpose is the matrix", arguments: [1, 2, 7, 40])
  func factor(n: Int) {
    let a = matrix(n, seed: UInt64(n))
    var l = a
    #expect(LAPACK.cholesky(&l, order: n))
    for row in 0..<n {
      for column in 0...row {
        let product = (0...column).reduce(0.0) { $0 + l[row * n + $1] * l[column * n + $1] }
        #expect(abs(product - a[row * n + column]) < 1e-9, "n \(n)")
      }
    }
  }

  @Test("Solving and inverting agree with the matrix")
  func solve() {
    let n = 9
    let a = matrix(n, seed: 3)
    var l = a
    #expect(LAPACK.cholesky(&l, order: n))
    var rows = (0..<2 * n).map { Double($0 % 5) - 1 }
    let wanted = rows
    LAPACK.solve(l, order: n, &rows, count: 2)
    for row in 0..<2 {
      for i in 0..<n {
        let product = (0..<n).reduce(0.0) { $0 + a[i * n + $1] * rows[row * n + $1] }
        #expect(abs(product - wanted[row * n + i]) < 1e-9)
      }
    }
    let inverse = LAPACK.inverse(l, order: n)
    for i in 0..<n {
      for j in 0..<n {
        let product = (0..<n).reduce(0.0) { $0 + a[i * n + $1] * inverse[$1 * n + j] }
        #expect(abs(product - (i == j ? 1 : 0)) < 1e-9)
      }
    }
  }

  @Test("A matrix that is not positive definite, or has NaN, has no factor")
  func refused() {
    var indefinite = [1.0, 2, 2, 1]
    #expect(!LAPACK.cholesky(&indefinite, order: 2))
    var broken = [Double.nan, 0, 0, 1]
    #expect(!LAPACK.cholesky(&broken, order: 2))
    var empty: [Double] = []
    #expect(LAPACK.cholesky(&empty, order: 0))
  }
}
