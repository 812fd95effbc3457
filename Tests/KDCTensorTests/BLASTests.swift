import KDCTensor
import KDCTestSupport
import Testing

@Suite struct BLASTests {
  @Test("gemm is alpha · op(A) · op(B) + beta · C for every transposition, in blocks as whole")
  func definition() {
    var random = SeededGenerator(seed: 21)
    for (m, n, k) in [(1, 1, 1), (3, 5, 4), (7, 300, 3), (300, 7, 2), (2, 2, 0)] {
      for (ta, tb) in [(false, false), (true, false), (false, true), (true, true)] {
        let a = (0..<m * k).map { _ in Float.random(in: -1..<1, using: &random) }
        let b = (0..<k * n).map { _ in Float.random(in: -1..<1, using: &random) }
        var c = [Float](repeating: 2, count: m * n)
        a.withPointer { a in
          b.withPointer { b in
            c.withUnsafeMutableBufferPointer { buffer in
              guard let c = buffer.baseAddress else { return }
              BLAS.gemm(
                transposeA: ta, transposeB: tb, m: m, n: n, k: k, alpha: 0.5, a: a, b: b, beta: 3, c: c, threads: 2)
            }
          }
        }
        for i in 0..<m {
          for j in 0..<n {
            let sum = (0..<k).map { a[ta ? $0 * m + i : i * k + $0] * b[tb ? j * k + $0 : $0 * n + j] }.reduce(0, +)
            #expect(abs(c[i * n + j] - (0.5 * sum + 6)) < 1e-4, "m \(m) n \(n) k \(k), seed 21")
          }
        }
      }
    }
  }
}
