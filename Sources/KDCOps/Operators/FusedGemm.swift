import KDCDiagnostics
import KDCGraph
import KDCTensor

/// activation(X · Wᵀ + B + Z): what passes make of Gemm, and of MatMul with constant weights. `com.microsoft.FusedGemm`.
///
/// X [..., K], W [N, K], optional B [N], optional residual Z of the output's shape [..., N]; `activation` and
/// `activation_params` as `FusedActivation` has them. `transB` is 1, `alpha` and `beta` are 1.
package struct FusedGemm: Operator {
  package static let onnxName = "FusedGemm"
  package static let domain = "com.microsoft"
  package static let inputCount = 2...4
  package let activation: FusedActivation

  package init(decoding node: Node) throws(Diagnostic) {
    for name in ["alpha", "beta"] where try node.float(name, default: 1) != 1 {
      throw node.unsupported("'FusedGemm' with \(name) other than 1")
    }
    guard try node.flag("transB", default: true), try !node.flag("transA", default: false) else {
      throw node.unsupported("'FusedGemm' with transA 1 or transB 0")
    }
    activation = try FusedActivation(decoding: node)
  }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let x = try requiredFloat(inputs, 0, "X")
    let w = try requiredFloat(inputs, 1, "W")
    guard x.rank >= 1, w.rank == 2, x.dims.last == w[1] else {
      throw shapeMismatch("X \(x) and W \(w): W must be [N, K] with K the last dimension of X")
    }
    let y = Shape(x.dims.dropLast() + [w[0]])
    if let b = try optionalFloat(inputs, 2, "B"), b.dims != [w[0]] {
      throw shapeMismatch("B \(b) must be [\(w[0])], one value for each row of W \(w)")
    }
    if let z = try optionalFloat(inputs, 3, "Z"), z != y {
      throw shapeMismatch("Z \(z) must have the output's shape \(y)")
    }
    return [TensorType(.float32, y)]
  }
}

extension FusedGemm: ParallelOperator {
  package func evaluate(_ inputs: [Tensor?], threads: Threads) throws -> [Tensor] {
    let x = try inputs.floats(0)
    let w = try inputs.floats(1)
    let bias = try inputs.optionalFloats(2)
    let (n, k) = (w.shape[0], w.shape[1])
    let m = x.shape.dims.dropLast().reduce(1, *)
    let epilogue = Convolution.Epilogue(
      residual: try inputs.optionalFloats(3), low: activation.bounds.low, high: activation.bounds.high)
    let values = [Float](count: m * n) { y in
      for i in 0..<m {
        for j in 0..<n { y[i * n + j] = bias?[j] ?? 0 }
      }
      x.values.withPointer { x in
        w.values.withPointer { w in
          BLAS.gemm(transposeB: true, m: m, n: n, k: k, a: x, b: w, beta: 1, c: y, threads: threads)
        }
      }
      epilogue.apply(y, y, at: 0, m * n)
    }
    return [Tensor(Shape(x.shape.dims.dropLast() + [n]), values)]
  }
}

extension FusedGemm: Quantizable {
  package var quantizationRule: QuantizationRule { .integer }
}
