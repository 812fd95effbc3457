import KDCDiagnostics
import KDCGraph
import KDCTensor

/// y[i₀, …] = data[i₀, …, indices[i₀, …], …] with the index replacing the one of `axis`. ONNX `GatherElements`,
/// opsets 11, 13.
package struct GatherElements: Quantizable {
  package static let onnxName = "GatherElements"
  package static let inputCount = 2...2
  package let axis: Int

  package init(decoding node: Node) throws(Diagnostic) { axis = try node.int("axis", default: 0) }

  package var quantizationRule: QuantizationRule { .sameAsInput }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let data = try required(inputs, 0, "data").type
    let indices = try requiredIndices(inputs, 1)
    let axis = try normalized(axis: axis, rank: data.shape.rank)
    guard indices.rank == data.shape.rank,
      indices.dims.indices.allSatisfy({ $0 == axis || indices[$0] <= data.shape[$0] })
    else { throw shapeMismatch("indices \(indices) do not fit data \(data.shape) outside axis \(axis)") }
    return [TensorType(data.dataType, indices)]
  }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let (data, indices) = (try inputs.required(0), try inputs.required(1))
    let axis = try normalized(axis: axis, rank: data.shape.rank)
    let picks = try checkedIndices(inputs.optionalInts(1) ?? [], of: data.shape[axis])
    var strides = data.shape.strides
    let axisStride = strides[axis]
    strides[axis] = 0
    let bases = offsets(of: indices.shape, strides: strides)
    return [data.picked(zip(bases, picks).map { $0 + $1 * axisStride }, shape: indices.shape)]
  }

  /// Σ iₖ·strides[k] of every position of `shape`, row-major.
  private func offsets(of shape: Shape, strides: [Int]) -> [Int] {
    var result = [0]
    for (dim, stride) in zip(shape.dims, strides) {
      result = result.flatMap { base in (0..<dim).map { base + $0 * stride } }
    }
    return result
  }
}
