import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor

/// y[i₀, …] = data[i₀, …, indices[i₀, …], …] with the index replacing the one of `axis`. ONNX `GatherElements`,
/// opsets 11, 13.
package struct GatherElements: Quantizable, ElementMovement {
  package static let onnxName = "GatherElements"
  package static let inputCount = 2...2
  package let axis: Int

  package init(decoding node: Node) throws(Diagnostic) { axis = try node.int("axis", default: 0) }

  package var quantizationRule: QuantizationRule { .sameAsInput(.cut) }

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

extension GatherElements: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let type = try lowering.type(of: node.inputs[0])
    let indices = try lowering.type(of: node.inputs[1])
    let axis = try normalized(axis: axis, rank: type.shape.rank)
    if let picks = lowering.integers(node, 1) { _ = try checkedIndices(picks, of: type.shape[axis]) }
    let encoding = lowering.encoding(of: node.outputs[0])
    let data = try lowering.read(node.inputs[0], as: encoding, in: [.rowMajor]).buffer
    let index = try lowering.read(node.inputs[1], as: .native, in: [.rowMajor]).buffer
    let output = try lowering.write(node.outputs[0], as: encoding, in: .rowMajor)
    var strides = type.shape.strides
    let axisStride = strides[axis]
    strides[axis] = 0
    let walk = Walk.filling(indices.shape, .rowMajor, reading: [strides, indices.shape.strides])
    lowering.append {
      GatherElementsStep(
        name: $0, data: data, indices: index, indexBytes: indices.dataType.byteCount, output: output,
        elementBytes: encoding == .native ? type.dataType.byteCount : 1, rows: [type.shape[axis]],
        axisStrides: [axisStride], walk: walk)
    }
  }
}
