import KDCDiagnostics
import KDCTensor

extension MatMul: Differentiable {
  /// A: G · Bᵀ, B: Aᵀ · G for each pair of matrices, summed where a matrix is used several times.
  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    guard let gradient = try outputGradients.gradient() else { return .none(inputs.count) }
    let (a, b) = (try inputs.floats(0), try inputs.floats(1))
    let plan = try plan(a.shape, b.shape)
    let (m, n, k) = (plan.m, plan.n, plan.k)
    var (ofA, ofB) = (
      [Float](repeating: 0, count: wanted.at(0) ? a.values.count : 0),
      [Float](repeating: 0, count: wanted.at(1) ? b.values.count : 0)
    )
    ofA.withUnsafeMutableBufferPointer { ofA in
      ofB.withUnsafeMutableBufferPointer { ofB in
        a.values.withPointer { a in
          b.values.withPointer { b in
            gradient.withPointer { gradient in
              for index in 0..<plan.batch.reduce(1, *) {
                let at = plan.matrices(index)
                let g = gradient + index * m * n
                if wanted.at(0), let target = ofA.baseAddress {
                  BLAS.gemm(
                    transposeB: true, m: m, n: k, k: n, a: g, b: b + at.b * k * n, beta: 1, c: target + at.a * m * k)
                }
                if wanted.at(1), let target = ofB.baseAddress {
                  BLAS.gemm(
                    transposeA: true, m: k, n: n, k: m, a: a + at.a * m * k, b: g, beta: 1, c: target + at.b * k * n)
                }
              }
            }
          }
        }
      }
    }
    return [wanted.at(0) ? Tensor(a.shape, ofA) : nil, wanted.at(1) ? Tensor(b.shape, ofB) : nil]
  }
}
