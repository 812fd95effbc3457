import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Repeats the tensor `repeats[k]` times along axis k. ONNX `Tile`, opsets 6, 13.
package struct Tile: Quantizable {
  package static let onnxName = "Tile"
  package static let inputCount = 2...2
  package init(decoding node: Node) throws(Diagnostic) {}

  package var quantizationRule: QuantizationRule { .sameAsInput }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let type = try required(inputs, 0, "input").type
    _ = try required(inputs, 1, "repeats")
    let repeats = try constantInts(inputs, 1, "repeats") ?? []
    guard repeats.count == type.shape.rank, repeats.allSatisfy({ $0 >= 0 && $0 < 1 << 40 }) else {
      throw shapeMismatch("repeats \(repeats) for \(type.shape); there must be one for each axis, not negative")
    }
    // A size too large to be a number is one too large to be addressed, which the check of inferred shapes reports.
    let dims = zip(type.shape.dims, repeats).map { size, count in
      let (product, overflow) = size.multipliedReportingOverflow(by: count)
      return overflow ? Int.max : product
    }
    return [TensorType(type.dataType, Shape(dims))]
  }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let x = try inputs.required(0)
    let repeats = try inputs.optionalInts(1) ?? []
    // Each axis becomes (repeat, position), of which the repeat does not move in the source.
    let view = x.strided(
      offset: 0, strides: x.shape.strides.flatMap { [0, $0] },
      shape: Shape(zip(repeats, x.shape.dims).flatMap { [$0, $1] }))
    return [view.reshaped(to: Shape(zip(repeats, x.shape.dims).map { $0 * $1 }))]
  }
}
