import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor

/// y[b, t, …] = data[b, indices[b, t, 0], indices[b, t, 1] …, …]: a slice of data for each tuple of the last axis of indices,
/// within the first `batch_dims` axes. ONNX `GatherND`, opsets 11, 12, 13.
package struct GatherND: StepOperator {
  package static let onnxName = "GatherND"
  package static let inputCount = 2...2
  package let batchAxes: Int

  package init(decoding node: Node) throws(Diagnostic) {
    batchAxes = node.opset >= 12 ? try node.int("batch_dims", default: 0) : 0
    guard batchAxes >= 0 else { throw node.invalid("batch_dims", "is \(batchAxes), must not be negative") }
  }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let data = try required(inputs, 0, "data").type
    let indices = try requiredIndices(inputs, 1)
    guard indices.rank > batchAxes, data.shape.rank > batchAxes, let depth = indices.dims.last, depth > 0,
      batchAxes + depth <= data.shape.rank, indices.dims[..<batchAxes] == data.shape.dims[..<batchAxes]
    else {
      throw shapeMismatch("indices \(indices) do not fit data \(data.shape) with \(batchAxes) batch axes")
    }
    let slice = data.shape.dims[(batchAxes + depth)...]
    guard !data.shape.dims[batchAxes..<batchAxes + depth].contains(0) || indices.count == 0 else {
      throw shapeMismatch("data \(data.shape) has no elements to pick")
    }
    if let picks = inputs[1]?.constant?.integers {
      for axis in 0..<depth {
        let own = picks.indices.filter { $0 % depth == axis }.map { picks[$0] }
        _ = try checkedIndices(own, of: data.shape[batchAxes + axis])
      }
    }
    return [TensorType(data.dataType, Shape(Array(indices.dims.dropLast() + slice)))]
  }

  func step(
    _ name: String, _ inputs: [OperatorInput?], _ operands: [BufferID?], _ outputs: [TensorType], _ results: [BufferID]
  ) throws -> any Step {
    let (data, indices) = (try required(inputs, 0, "data").type, try required(inputs, 1, "indices").type)
    let depth = indices.shape.dims.last ?? 1
    let (own, index) = (data.shape.strides, indices.shape.strides)
    let tuples = indices.shape.rank - 1 - batchAxes
    let zeros = [Int](repeating: 0, count: tuples)
    let slice = data.shape.rank - batchAxes - depth
    let walk = Walk.filling(
      outputs[0].shape, .rowMajor,
      reading: [
        Array(own[..<batchAxes] + zeros + own[(batchAxes + depth)...]),
        Array(index.dropLast() + [Int](repeating: 0, count: slice)),
      ])
    return GatherElementsStep(
      name: name, data: try operands.required(0), indices: try operands.required(1),
      indexBytes: indices.dataType.byteCount, output: results[0], elementBytes: data.dataType.byteCount,
      rows: Array(data.shape.dims[batchAxes..<batchAxes + depth]),
      axisStrides: Array(own[batchAxes..<batchAxes + depth]), walk: walk)
  }
}
