import COpenBLAS
import Glibc

/// Matrix products by OpenBLAS, which runs on one thread: callers spread whole products over threads instead.
package enum BLAS {
  /// Tells OpenBLAS once, before the first product, not to start threads of its own.
  private static let prepared: Void = openblas_set_num_threads(1)
  static func prepare() { _ = prepared }

  /// Lets OpenBLAS take the memory of `count` products at a time now; false where the system refuses it. OpenBLAS itself asks
  /// again for ever.
  package static func reserve(_ count: Int) -> Bool {
    prepare()
    // What a product takes, and as much again for everything else at the end.
    let size = 136 << 20
    var taken: [UnsafeMutableRawPointer] = []
    defer { for memory in taken { blas_memory_free(memory) } }
    for index in 0...count {
      let block = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
      guard let block, block != MAP_FAILED else { return false }
      munmap(block, size)
      guard index < count else { break }
      guard let memory = blas_memory_alloc(0) else { return false }
      taken.append(memory)
    }
    return true
  }

  /// C = alpha · op(A) · op(B) + beta · C, row-major: op(A) [m, k], op(B) [k, n], C [m, n].
  ///
  /// `lda`, `ldb` and `ldc` are the distances of rows as stored, in elements; by default rows are dense.
  package static func gemm(
    transposeA: Bool = false, transposeB: Bool = false, m: Int, n: Int, k: Int, alpha: Float = 1,
    a: UnsafePointer<Float>, lda: Int? = nil, b: UnsafePointer<Float>, ldb: Int? = nil, beta: Float = 0,
    c: UnsafeMutablePointer<Float>, ldc: Int? = nil
  ) {
    guard m > 0, n > 0 else { return }
    _ = prepared
    cblas_sgemm(
      CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans, Int32(m), Int32(n),
      Int32(k), alpha, a, Int32(max(1, lda ?? (transposeA ? m : k))), b, Int32(max(1, ldb ?? (transposeB ? k : n))),
      beta, c, Int32(max(1, ldc ?? n)))
  }

  /// `gemm` in blocks of rows or columns of C spread over threads. The blocks depend on m and n alone, and so do results.
  package static func gemm(
    transposeA: Bool = false, transposeB: Bool = false, m: Int, n: Int, k: Int, alpha: Float = 1,
    a: UnsafePointer<Float>, b: UnsafePointer<Float>, beta: Float = 0, c: UnsafeMutablePointer<Float>, threads: Threads
  ) {
    let block = 256
    if n >= m {
      parallelFor((n + block - 1) / block, threads: threads) { index in
        let start = index * block
        gemm(
          transposeA: transposeA, transposeB: transposeB, m: m, n: min(block, n - start), k: k, alpha: alpha, a: a,
          b: b + (transposeB ? start * k : start), ldb: transposeB ? k : n, beta: beta, c: c + start, ldc: n)
      }
    } else {
      parallelFor((m + block - 1) / block, threads: threads) { index in
        let start = index * block
        gemm(
          transposeA: transposeA, transposeB: transposeB, m: min(block, m - start), n: n, k: k, alpha: alpha,
          a: a + (transposeA ? start : start * k), lda: transposeA ? m : k, b: b, beta: beta, c: c + start * n)
      }
    }
  }
}

extension [Float] {
  /// `count` elements that `body` writes; it must write all of them.
  package init(count: Int, writing body: (UnsafeMutablePointer<Float>) throws -> Void) rethrows {
    try self.init(unsafeUninitializedCapacity: Swift.max(count, 1)) { buffer, initialized in
      if let base = buffer.baseAddress { try body(base) }
      initialized = count
    }
  }

  /// Calls `body` with the address of the first element, which is valid memory even where the array is empty.
  package func withPointer<R>(_ body: (UnsafePointer<Float>) throws -> R) rethrows -> R {
    if isEmpty { return try [0].withPointer(body) }
    return try withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return try [0].withPointer(body) }
      return try body(base)
    }
  }
}
