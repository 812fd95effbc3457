import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor

/// Repeats the tensor `repeats[k]` times along axis k. ONNX `Tile`, opsets 6, 13.
package struct Tile: Quantizable, ElementMovement, ChannelPassing {
  package static let onnxName = "Tile"
  package static let inputCount = 2...2
  package init(decoding node: Node) throws(Diagnostic) {}

  package var quantizationRule: QuantizationRule { .sameAsInput(.rearrange) }

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

  package func trace(_ node: Node, in trace: inout ChannelTrace) throws { trace.stretch(node) }
}

extension Tile: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let shape = try lowering.shape(of: node.inputs[0])
    let repeats = lowering.integers(node, 1) ?? []
    guard repeats.count == shape.rank else { throw cannotLower(node, "with repeats that are computed from data") }
    // Many copies are one walk; a few are parts of the output, in whatever layout the input has.
    let copies = repeats.reduce(1) { min($0 * max($1, 1), 1 << 20) }
    if copies > 64, try lowering.tile(node.inputs[0], node.outputs[0], repeats: repeats) { return }
    guard copies <= 4096 else { throw cannotLower(node, "with \(copies) copies") }
    let counts = Shape(repeats)
    try lowering.place(
      (0..<copies).map { copy in
        (
          node.inputs[0],
          counts.strides.indices.map { copy / counts.strides[$0] % max(repeats[$0], 1) * shape[$0] }
        )
      }, node.outputs[0])
  }
}

extension Lowering {
  /// Copies of a value, `repeats` along each axis, row-major. False where that takes more loops than a walk has.
  fileprivate mutating func tile(_ input: String, _ output: String, repeats: [Int]) throws -> Bool {
    let encoding = self.encoding(of: output)
    let (shape, result) = (try shape(of: input), try self.shape(of: output))
    // Two loops an axis: over its copies and over its elements.
    var walk = Walk(extents: [], strides: [[], []])
    for axis in shape.dims.indices {
      walk.extents += [repeats[axis], shape[axis]]
      walk.strides[0] += [0, shape.strides[axis]]
      walk.strides[1] += [shape[axis] * result.strides[axis], result.strides[axis]]
    }
    let collapsed = walk.collapsed
    guard collapsed.extents.count <= 8 else { return false }
    let source = try read(input, as: encoding, in: [.rowMajor]).buffer
    let target = try write(output, as: encoding, in: .rowMajor)
    let bytes = try elementBytes(output, encoding)
    append {
      MoveStep(
        name: $0, input: source, output: target, elementBytes: bytes, inputOffset: 0, outputOffset: 0, walk: collapsed)
    }
    return true
  }
}
