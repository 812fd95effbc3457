import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Y = alpha · op(A) · op(B) + beta · C for matrices; C is broadcast to Y [M, N]. ONNX `Gemm`, opsets 7, 9, 11, 13.
package struct Gemm: Operator {
  package static let onnxName = "Gemm"
  package static let inputCount = 2...3
  package let alpha: Float
  package let beta: Float
  package let transposeA: Bool
  package let transposeB: Bool

  package init(decoding node: Node) throws(Diagnostic) {
    alpha = try node.float("alpha", default: 1)
    beta = try node.float("beta", default: 1)
    transposeA = try node.flag("transA", default: false)
    transposeB = try node.flag("transB", default: false)
  }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let a = try requiredFloat(inputs, 0, "A")
    let b = try requiredFloat(inputs, 1, "B")
    guard a.rank == 2, b.rank == 2 else { throw shapeMismatch("A \(a) and B \(b) must be matrices") }
    let (m, n, k) = sizes(a, b)
    guard k == b[transposeB ? 1 : 0] else {
      throw shapeMismatch(
        "A \(a)\(transposeA ? " (transposed)" : "") and B \(b)\(transposeB ? " (transposed)" : "") differ in the inner size"
      )
    }
    if let c = try optionalFloat(inputs, 2, "C") {
      let padded = [Int](repeating: 1, count: max(0, 2 - c.rank)) + c.dims
      guard padded.count == 2, padded[0] == 1 || padded[0] == m, padded[1] == 1 || padded[1] == n else {
        throw shapeMismatch("C \(c) cannot be broadcast to [\(m),\(n)]")
      }
    }
    return [TensorType(.float32, [m, n])]
  }

  private func sizes(_ a: Shape, _ b: Shape) -> (m: Int, n: Int, k: Int) {
    (a[transposeA ? 1 : 0], b[transposeB ? 0 : 1], a[transposeA ? 0 : 1])
  }
}

extension Gemm: ParallelOperator {
  package func evaluate(_ inputs: [Tensor?], threads: Threads) throws -> [Tensor] {
    let a = try inputs.floats(0)
    let b = try inputs.floats(1)
    let (m, n, k) = sizes(a.shape, b.shape)
    let c = try inputs.optional(2) == nil ? nil : inputs.floats(2)
    let values = [Float](count: m * n) { y in
      y.initialize(repeating: 0, count: m * n)
      if let c {
        let dims = [Int](repeating: 1, count: max(0, 2 - c.shape.rank)) + c.shape.dims
        let (rowStep, columnStep) = (dims[0] == 1 ? 0 : dims[1], dims[1] == 1 ? 0 : 1)
        for i in 0..<m {
          for j in 0..<n { y[i * n + j] = beta * c.values[i * rowStep + j * columnStep] }
        }
      }
      a.values.withPointer { a in
        b.values.withPointer { b in
          BLAS.gemm(
            transposeA: transposeA, transposeB: transposeB, m: m, n: n, k: k, alpha: alpha, a: a, b: b, beta: 1, c: y,
            threads: threads)
        }
      }
    }
    return [Tensor([m, n], values)]
  }
}

extension Gemm: Quantizable {
  package var quantizationRule: QuantizationRule { .integer }
}
