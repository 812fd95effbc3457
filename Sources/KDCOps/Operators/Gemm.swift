import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor

/// Y = alpha · op(A) · op(B) + beta · C for matrices; C is broadcast to Y [M, N]. ONNX `Gemm`, opsets 7, 9, 11, 13.
package struct Gemm: Quantizable, MultiplyAccumulating, Trainable {
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

  package var quantizationRule: QuantizationRule { .integer }

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

  package func multiplyAccumulates(_ inputs: [Shape?], output: Shape) -> Int {
    guard let left = inputs[0], left.rank > 0 else { return 0 }
    return output.count * left[transposeA ? 0 : left.rank - 1]
  }

  package func parameters(_ shapes: [Shape?]) -> [LayerParameter] {
    let matrix = LayerParameter.matrix(1, shapes[1], transposed: transposeB)
    return [matrix, LayerParameter(2, matrix.start == nil ? nil : .constant(0))]
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

extension Gemm: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let a = try lowering.shape(of: node.inputs[0])
    let output = try lowering.shape(of: node.outputs[0])
    let (rows, columns, depth) = (output[0], output[1], a[transposeA ? 0 : 1])
    var first = try lowering.read(node.inputs[0], as: .native, in: [.rowMajor]).buffer
    let second = try lowering.read(node.inputs[1], as: .native, in: [.rowMajor]).buffer
    if transposeA {
      let (source, turned) = (first, lowering.temporary(TensorType(.float32, [rows, depth])))
      let walk = Walk(extents: [rows, depth], strides: [[1, rows], [depth, 1]])
      lowering.append {
        MoveStep(
          name: $0, input: source, output: turned, elementBytes: 4, inputOffset: 0, outputOffset: 0, walk: walk)
      }
      first = turned
    }
    let isSum = node.input(2) != nil && beta != 0
    let isPlain = alpha == 1 && !isSum
    let temporary = TensorType(.float32, output)
    let target = try lowering.write(node.outputs[0], as: .native, in: .rowMajor)
    var product = isPlain ? target : lowering.temporary(temporary)
    let matrix = first
    let unscaled = product
    lowering.append {
      FloatMatMulStep(
        name: $0, a: matrix, b: second, output: unscaled, batch: 1, rows: rows, columns: columns, depth: depth,
        batchStrideA: 0, batchStrideB: 0, transposedB: transposeB)
    }
    func scaled(_ values: BufferID, _ factor: Float, count: Int, to target: BufferID? = nil) -> BufferID {
      let constant = lowering.loaded(Tensor([1], [factor]), "factor")
      return lowering.binary(.multiply, values, constant, rows: 1, columns: count, strideB: (0, 0), to: target)
    }
    if alpha != 1 { product = scaled(product, alpha, count: output.count, to: isSum ? nil : target) }
    guard isSum, let sum = node.input(2) else { return }
    let c = try lowering.shape(of: sum)
    let padded = [Int](repeating: 1, count: 2 - c.rank) + c.dims
    var offset = try lowering.read(sum, as: .native, in: [.rowMajor]).buffer
    if beta != 1 { offset = scaled(offset, beta, count: c.count) }
    _ = lowering.binary(
      .add, product, offset, rows: rows, columns: columns,
      strideB: (padded[0] == 1 ? 0 : padded[1], padded[1] == 1 ? 0 : 1), to: target)
  }
}

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
