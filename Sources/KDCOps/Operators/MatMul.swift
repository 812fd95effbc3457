import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Matrix product over the last two axes, the axes before them broadcast, as numpy's matmul.
/// ONNX `MatMul`, opsets 1, 9, 13.
package struct MatMul: Operator {
  package static let onnxName = "MatMul"
  package static let inputCount = 2...2

  package init(decoding node: Node) throws(Diagnostic) {}

  /// How the operands are seen: batches of [m, k] and [k, n].
  struct Plan {
    var m, n, k: Int
    /// Broadcast axes before the matrices, and for each operand the distance in matrices along them (0: broadcast).
    var batch: [Int]
    var stepA, stepB: [Int]
    var output: Shape

    /// The matrices of A and B that make matrix `index` of the output.
    func matrices(_ index: Int) -> (a: Int, b: Int) {
      var (rest, a, b) = (index, 0, 0)
      for axis in batch.indices.reversed() {
        let position = rest % batch[axis]
        rest /= batch[axis]
        a += position * stepA[axis]
        b += position * stepB[axis]
      }
      return (a, b)
    }
  }

  func plan(_ a: Shape, _ b: Shape) throws(Diagnostic) -> Plan {
    guard a.rank >= 1, b.rank >= 1 else { throw shapeMismatch("A \(a) and B \(b) must not be scalars") }
    // Vectors are a row (A) or a column (B) whose axis of one element is removed from the result.
    let left = a.rank == 1 ? [1] + a.dims : a.dims
    let right = b.rank == 1 ? b.dims + [1] : b.dims
    let (m, k, n) = (left[left.count - 2], left[left.count - 1], right[right.count - 1])
    guard right[right.count - 2] == k else { throw shapeMismatch("A \(a) and B \(b) differ in the inner size") }
    let rank = max(left.count, right.count) - 2
    func padded(_ dims: [Int]) -> [Int] { [Int](repeating: 1, count: rank + 2 - dims.count) + dims.dropLast(2) }
    let (batchA, batchB) = (padded(left), padded(right))
    var batch: [Int] = []
    for (x, y) in zip(batchA, batchB) {
      guard x == y || x == 1 || y == 1 else { throw shapeMismatch("A \(a) and B \(b) cannot be broadcast") }
      batch.append(x == 1 ? y : x)
    }
    func steps(_ dims: [Int]) -> [Int] { zip(dims, Shape(dims).strides).map { $0 == 1 ? 0 : $1 } }
    let output = batch + (a.rank == 1 ? [] : [m]) + (b.rank == 1 ? [] : [n])
    return Plan(m: m, n: n, k: k, batch: batch, stepA: steps(batchA), stepB: steps(batchB), output: Shape(output))
  }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let a = try requiredFloat(inputs, 0, "A")
    let b = try requiredFloat(inputs, 1, "B")
    return [TensorType(.float32, try plan(a, b).output)]
  }
}

extension MatMul: ParallelOperator {
  package func evaluate(_ inputs: [Tensor?], threads: Threads) throws -> [Tensor] {
    let a = try inputs.floats(0)
    let b = try inputs.floats(1)
    let plan = try plan(a.shape, b.shape)
    let (m, n, k) = (plan.m, plan.n, plan.k)
    let batches = plan.batch.reduce(1, *)
    let values = [Float](count: plan.output.count) { y in
      a.values.withPointer { a in
        b.values.withPointer { b in
          guard batches > 1 else {
            if batches == 1 { BLAS.gemm(m: m, n: n, k: k, a: a, b: b, c: y, threads: threads) }
            return
          }
          parallelFor(batches, threads: threads) { index in
            let at = plan.matrices(index)
            BLAS.gemm(m: m, n: n, k: k, a: a + at.a * m * k, b: b + at.b * k * n, c: y + index * m * n)
          }
        }
      }
    }
    return [Tensor(plan.output, values)]
  }
}

extension MatMul: Quantizable {
  package var quantizationRule: QuantizationRule { .float }
}
