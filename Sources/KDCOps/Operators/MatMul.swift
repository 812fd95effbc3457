import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor

/// Matrix product over the last two axes, the axes before them broadcast, as numpy's matmul.
/// ONNX `MatMul`, opsets 1, 9, 13.
package struct MatMul: Quantizable, MultiplyAccumulating {
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

  package var quantizationRule: QuantizationRule { .float }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let a = try requiredFloat(inputs, 0, "A")
    let b = try requiredFloat(inputs, 1, "B")
    return [TensorType(.float32, try plan(a, b).output)]
  }

  package func multiplyAccumulates(_ inputs: [Shape?], output: Shape) -> Int {
    guard let left = inputs[0], left.rank > 0 else { return 0 }
    return output.count * left[left.rank - 1]
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

extension MatMul: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let (nameA, nameB) = (node.inputs[0], node.inputs[1])
    let (a, b) = (try lowering.shape(of: nameA), try lowering.shape(of: nameB))
    let (left, right) = (a.rank == 1 ? [1] + a.dims : a.dims, b.rank == 1 ? b.dims + [1] : b.dims)
    let (rows, depth) = (left[left.count - 2], left[left.count - 1])
    let columns = right[right.count - 1]
    var batchA = left.dropLast(2).reduce(1, *)
    var batchB = right.dropLast(2).reduce(1, *)
    let output = try lowering.shape(of: node.outputs[0])
    guard rows * columns > 0, depth > 0 else { throw cannotLower(node, "of \(a) and \(b)") }
    let batch = output.count / (rows * columns)
    var first = try lowering.read(nameA, as: .native, in: [.rowMajor]).buffer
    var second = try lowering.read(nameB, as: .native, in: [.rowMajor]).buffer
    // Whole batches are one for all; where only a part of their axes repeats, copies stand for it.
    if ![1, batch].contains(batchA) || ![1, batch].contains(batchB) {
      let axes = Array(output.dims.dropLast([a, b].filter { $0.rank > 1 }.count))
      first = lowering.expanded(first, Shape(left), to: Shape(axes + [rows, depth]))
      second = lowering.expanded(second, Shape(right), to: Shape(axes + [depth, columns]))
      (batchA, batchB) = (batch, batch)
    }
    let target = try lowering.write(node.outputs[0], as: .native, in: .rowMajor)
    // Rows of all batches by one matrix are one product.
    let isOne = batchB == 1 && batchA == batch
    lowering.append {
      FloatMatMulStep(
        name: $0, a: first, b: second, output: target, batch: isOne ? 1 : batch, rows: isOne ? batch * rows : rows,
        columns: columns, depth: depth, batchStrideA: isOne || batchA == 1 ? 0 : rows * depth,
        batchStrideB: batchB == 1 ? 0 : depth * columns, transposedB: false)
    }
  }
}

extension Lowering {
  /// The elements of a row-major float buffer of `shape` repeated to `target`.
  fileprivate mutating func expanded(_ input: BufferID, _ shape: Shape, to target: Shape) -> BufferID {
    if shape == target { return input }
    let output = temporary(TensorType(.float32, target))
    let walk = Walk.filling(target, .rowMajor, reading: [Broadcasting.strides(of: shape, over: target)])
    append {
      MoveStep(name: $0, input: input, output: output, elementBytes: 4, inputOffset: 0, outputOffset: 0, walk: walk)
    }
    return output
  }
}

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

extension MatMul: ChannelPassing {
  /// Rows of the left and columns of the right operand pass; the axis summed over passes only into constant weights.
  package func trace(_ node: Node, in trace: inout ChannelTrace) throws {
    let (left, right) = (node.inputs[0], node.inputs[1])
    let (a, b) = (trace.labels(of: left), trace.labels(of: right))
    guard a.count >= 2, b.count >= 2 else { return trace.giveUp() }
    let (depthA, depthB) = (a[a.count - 1], b[b.count - 2])
    if trace.isWeight(left) == trace.isWeight(right) {
      trace.pin(depthA)
      trace.pin(depthB)
    } else {
      trace.unify(depthA, depthB)
      if trace.isWeight(right) {
        trace.use(right, b.count - 2, .consumer, summing: (left, a.count - 1))
        trace.use(right, b.count - 1, .producer)
      } else {
        trace.use(left, a.count - 1, .consumer, summing: (right, b.count - 2))
        trace.use(left, a.count - 2, .producer)
      }
    }
    // Batch axes: only those without labels are simple enough to pass.
    for axis in a.dropLast(2) + b.dropLast(2) { trace.pin(axis) }
    let rank = trace.shape(of: node.outputs[0]).rank
    trace.labels[node.outputs[0]] =
      [AxisLabels](repeating: nil, count: max(0, rank - 2)) + [a[a.count - 2], b[b.count - 1]]
  }
}

extension MatMul: Trainable {
  /// Either operand; the right one where both are constant.
  package func parameters(_ shapes: [Shape?]) -> [LayerParameter] {
    [
      LayerParameter(0, shapes[1] == nil ? LayerParameter.matrix(0, shapes[0], transposed: false).start : nil),
      LayerParameter.matrix(1, shapes[1], transposed: false),
    ]
  }
}
