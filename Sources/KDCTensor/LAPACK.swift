import COpenBLAS

/// Linear algebra by LAPACK, in double precision; matrices are dense, row-major and symmetric positive definite.
package enum LAPACK {
  /// Replaces the lower triangle of A [n, n] by that of L with A = L · Lᵀ; the upper triangle is not read and stays.
  ///
  /// Returns false, with `a` in an undefined state, where A is not positive definite or holds NaN.
  package static func cholesky(_ a: inout [Double], order n: Int) -> Bool {
    guard n > 0 else { return true }
    // Row-major lower is LAPACK's upper.
    let succeeded = withArguments(n) { uplo, n, info in
      a.withUnsafeMutableBufferPointer { dpotrf_(uplo, n, $0.baseAddress, n, info) }
    }
    // NaN is not always reported.
    return succeeded && (0..<n).allSatisfy { a[$0 * n + $0] > 0 && a[$0 * n + $0].isFinite }
  }

  /// Replaces each of the `count` rows b of `rows` [count, n] by A⁻¹ · b, with the factor that `cholesky` gave.
  @discardableResult
  package static func solve(_ factor: [Double], order n: Int, _ rows: inout [Double], count: Int) -> Bool {
    guard n > 0, count > 0 else { return true }
    var columns = Int32(clamping: count)
    return withArguments(n) { uplo, n, info in
      factor.withUnsafeBufferPointer { factor in
        rows.withUnsafeMutableBufferPointer {
          dpotrs_(uplo, n, &columns, factor.baseAddress, n, $0.baseAddress, n, info)
        }
      }
    }
  }

  /// The whole of A⁻¹ from the factor that `cholesky` gave.
  package static func inverse(_ factor: [Double], order n: Int) -> [Double] {
    var result = factor
    guard n > 0 else { return result }
    withArguments(n) { uplo, n, info in
      result.withUnsafeMutableBufferPointer { dpotri_(uplo, n, $0.baseAddress, n, info) }
    }
    for row in 0..<n {
      for column in 0..<row { result[column * n + row] = result[row * n + column] }
    }
    return result
  }

  /// Calls `body` with what every routine wants; true where it reports success.
  @discardableResult
  private static func withArguments(
    _ n: Int, _ body: (UnsafePointer<CChar>, UnsafePointer<Int32>, UnsafeMutablePointer<Int32>) -> Void
  ) -> Bool {
    BLAS.prepare()
    var uplo = CChar(bitPattern: UInt8(ascii: "U"))
    var order = Int32(clamping: n)
    var info: Int32 = 0
    body(&uplo, &order, &info)
    return info == 0
  }
}
