import KDCDiagnostics
import KDCTensor

extension Gemm: Differentiable {
  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    guard let gradient = try outputGradients.gradient() else { return .none(inputs.count) }
    let (a, b) = (try inputs.floats(0), try inputs.floats(1))
    let (m, n, k) = (a.shape[transposeA ? 1 : 0], b.shape[transposeB ? 0 : 1], a.shape[transposeA ? 0 : 1])
    var result = [Tensor?].none(inputs.count)
    if wanted.at(0) {
      // op(A) [m, k] has G · op(B)ᵀ; a transposed A the transpose of that, op(B) · Gᵀ.
      let values =
        transposeA
        ? product(b.values, transposed: transposeB, gradient, transposed: true, m: k, n: m, k: n, alpha)
        : product(gradient, transposed: false, b.values, transposed: !transposeB, m: m, n: k, k: n, alpha)
      result[0] = Tensor(a.shape, values)
    }
    if wanted.at(1) {
      // op(B) [k, n] has op(A)ᵀ · G; a transposed B the transpose, Gᵀ · op(A).
      let values =
        transposeB
        ? product(gradient, transposed: true, a.values, transposed: transposeA, m: n, n: k, k: m, alpha)
        : product(a.values, transposed: !transposeA, gradient, transposed: false, m: k, n: n, k: m, alpha)
      result[1] = Tensor(b.shape, values)
    }
    if wanted.at(2), let c = inputs.optional(2) {
      let sums = broadcastSums(gradient, [m, n], to: c.shape)
      result[2] = Tensor(c.shape, beta == 1 ? sums : sums.map { $0 * beta })
    }
    return result
  }
}

extension FusedGemm: Differentiable {
  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    guard let gradient = try outputGradients.gradient() else { return .none(inputs.count) }
    let (x, w) = (try inputs.floats(0), try inputs.floats(1))
    let (n, k) = (w.shape[0], w.shape[1])
    let m = x.shape.dims.dropLast().reduce(1, *)
    let sumGradient = try activation.inputGradient(gradient, output: outputs.floats(0))
    var result = [Tensor?].none(inputs.count)
    if wanted.at(0) {
      let values = product(sumGradient, transposed: false, w.values, transposed: false, m: m, n: k, k: n)
      result[0] = Tensor(x.shape, values)
    }
    if wanted.at(1) {
      let values = product(sumGradient, transposed: true, x.values, transposed: false, m: n, n: k, k: m)
      result[1] = Tensor(w.shape, values)
    }
    if wanted.at(2), inputs.optional(2) != nil {
      result[2] = Tensor([n], broadcastSums(sumGradient, [m, n], to: [n]))
    }
    if wanted.at(3), let residual = inputs.optional(3) { result[3] = Tensor(residual.shape, sumGradient) }
    return result
  }
}

/// alpha · op(a) · op(b), op(a) [m, k], op(b) [k, n].
func product(
  _ a: [Float], transposed transposeA: Bool, _ b: [Float], transposed transposeB: Bool, m: Int, n: Int, k: Int,
  _ alpha: Float = 1
) -> [Float] {
  [Float](count: m * n) { c in
    a.withPointer { a in
      b.withPointer { b in
        BLAS.gemm(transposeA: transposeA, transposeB: transposeB, m: m, n: n, k: k, alpha: alpha, a: a, b: b, c: c)
      }
    }
  }
}
