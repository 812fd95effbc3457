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
    let batchA = left.dropLast(2).reduce(1, *)
    let batchB = right.dropLast(2).reduce(1, *)
    let output = try lowering.shape(of: node.outputs[0])
    guard rows * columns > 0, depth > 0 else { throw cannotLower(node, "of \(a) and \(b)") }
    let batch = output.count / (rows * columns)
    // Broadcasting of whole batches; parts of a batch do not repeat.
    guard batchA == batch || batchA == 1, batchB == batch || batchB == 1 else {
      throw cannotLower(node, "of \(a) and \(b), which broadcast in different axes")
    }
    let first = try lowering.read(nameA, as: .native, in: [.rowMajor]).buffer
    let second = try lowering.read(nameB, as: .native, in: [.rowMajor]).buffer
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
    guard alpha == 1, beta == 1, !transposeA else {
      throw cannotLower(node, "with alpha, beta or transA of matrices that are computed from data")
    }
    let a = try lowering.shape(of: node.inputs[0])
    let output = try lowering.shape(of: node.outputs[0])
    let (rows, columns) = (output[0], output[1])
    let first = try lowering.read(node.inputs[0], as: .native, in: [.rowMajor]).buffer
    let second = try lowering.read(node.inputs[1], as: .native, in: [.rowMajor]).buffer
    let sum = node.input(2)
    let product =
      sum == nil
      ? try lowering.write(node.outputs[0], as: .native, in: .rowMajor)
      : lowering.temporary(TensorType(.float32, output))
    lowering.append {
      FloatMatMulStep(
        name: $0, a: first, b: second, output: product, batch: 1, rows: rows, columns: columns, depth: a[1],
        batchStrideA: 0, batchStrideB: 0, transposedB: transposeB)
    }
    guard let sum else { return }
    let c = try lowering.shape(of: sum)
    let padded = [Int](repeating: 1, count: 2 - c.rank) + c.dims
    let offset = try lowering.read(sum, as: .native, in: [.rowMajor]).buffer
    let target = try lowering.write(node.outputs[0], as: .native, in: .rowMajor)
    _ = lowering.binary(
      .add, product, offset, rows: rows, columns: columns,
      strideB: (padded[0] == 1 ? 0 : padded[1], padded[1] == 1 ? 0 : 1), to: target)
  }
}
