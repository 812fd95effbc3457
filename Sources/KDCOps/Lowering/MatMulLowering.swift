import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor

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
