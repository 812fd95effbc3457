import COpenBLAS

extension LAPACK {
  /// Solves A · xᵢ = bᵢ for a symmetric positive definite A by Cholesky decomposition.
  ///
  /// - Parameters:
  ///   - matrix: A, [n, n].
  ///   - right: the rows bᵢ, [count, n].
  /// - Returns: the rows xᵢ, [count, n]; nil where A is not positive definite or a number is not finite.
  package static func solve(matrix: [Double], right: [Double], n: Int, count: Int) -> [Double]? {
    guard matrix.count == n * n, right.count == n * count else { return nil }
    var (factor, solution) = (matrix, right)
    guard cholesky(&factor, order: n), solve(factor, order: n, &solution, count: count) else { return nil }
    return solution.allSatisfy(\.isFinite) ? solution : nil
  }

  /// Eigenvalues, ascending, and orthonormal eigenvectors as rows, of a symmetric matrix [n, n]; nil where the iteration
  /// does not converge or a number is not finite. The sign of a vector is such that its largest element is positive.
  package static func eigen(symmetric matrix: [Double], n: Int) -> (values: [Double], vectors: [Double])? {
    guard n > 0, matrix.count == n * n, matrix.allSatisfy(\.isFinite) else { return nil }
    BLAS.prepare()
    var vectors = matrix
    var values = [Double](repeating: 0, count: n)
    var (order, info, size) = (Int32(n), Int32(0), Int32(max(1, 34 * n)))
    var work = [Double](repeating: 0, count: Int(size))
    dsyev_("V", "L", &order, &vectors, &order, &values, &work, &size, &info)
    guard info == 0 else { return nil }
    for row in 0..<n {
      let range = row * n..<(row + 1) * n
      let largest = vectors[range].max { abs($0) < abs($1) } ?? 0
      if largest < 0 { for index in range { vectors[index] = -vectors[index] } }
    }
    return (values, vectors)
  }
}

extension BLAS {
  /// C = op(A) · op(B) in double precision, row-major and dense: op(A) [m, k], op(B) [k, n], C [m, n].
  package static func gemm(
    transposeA: Bool = false, transposeB: Bool = false, m: Int, n: Int, k: Int, a: [Double], b: [Double]
  ) -> [Double] {
    var c = [Double](repeating: 0, count: m * n)
    guard m > 0, n > 0, k > 0 else { return c }
    prepare()
    cblas_dgemm(
      CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans, Int32(m),
      Int32(n), Int32(k), 1, a, Int32(transposeA ? m : k), b, Int32(transposeB ? k : n), 0, &c, Int32(n))
    return c
  }
}
