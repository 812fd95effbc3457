import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Joins tensors along one axis. ONNX `Concat`, opsets 4, 11, 13.
package struct Concat: Quantizable, BatchSized {
  package static let onnxName = "Concat"
  package static let inputCount = 1...Int.max
  package let axis: Int

  package init(decoding node: Node) throws(Diagnostic) { axis = try node.requiredInt("axis") }

  package var quantizationRule: QuantizationRule { .sameAsInput(.join) }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let (dataType, shapes) = try sameTypes(inputs, atLeast: 1) { _ in true }
    var result = shapes[0]
    let axis = try normalized(axis: axis, rank: result.rank)
    for shape in shapes.dropFirst() {
      guard shape.rank == result.rank,
        zip(shape.dims, result.dims).enumerated().allSatisfy({ $0.offset == axis || $0.element.0 == $0.element.1 })
      else { throw shapeMismatch("\(shapes[0]) and \(shape) differ outside axis \(axis)") }
      result.dims[axis] += shape.dims[axis]
    }
    return [TensorType(dataType, result)]
  }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let parts = try inputs.indices.map { try inputs.required($0) }
    guard let first = parts.first else { throw InternalError("'Concat' of nothing") }
    let axis = try normalized(axis: axis, rank: first.shape.rank)
    var shape = first.shape
    shape.dims[axis] = parts.reduce(0) { $0 + $1.shape[axis] }
    let chained = try Tensor.chained(parts)
    let outer = shape.dims[..<axis].reduce(1, *)
    guard outer > 1 else { return [chained.reshaped(to: shape)] }
    var blocks: [(start: Int, length: Int)] = []
    var start = 0
    for part in parts {
      blocks.append((start, part.count / outer))
      start += part.count
    }
    return [chained.rearranged(to: shape, Interleaving(blocks: blocks, rounds: outer))]
  }

  package func grow(_ index: Int, in repair: inout BatchRepair) throws {
    let node = repair.result.nodes[index]
    guard let axis = node.inputs.compactMap({ repair.batchAxis($0) }).first else { return }
    for input in node.inputs.indices { repair.grow(index, input: input, axis: axis) }
  }
}

/// Takes the next `length` elements of each block in turn, `rounds` times.
private struct Interleaving: Rearrangement {
  let blocks: [(start: Int, length: Int)]
  let rounds: Int

  func move<T: TensorElement>(_ source: UnsafeBufferPointer<T>, to target: UnsafeMutableBufferPointer<T>) {
    var at = 0
    for round in 0..<rounds {
      for block in blocks where block.length > 0 {
        let from = block.start + round * block.length
        _ = UnsafeMutableBufferPointer(rebasing: target[at..<at + block.length])
          .initialize(from: source[from..<from + block.length])
        at += block.length
      }
    }
  }
}

extension Concat: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let rank = try lowering.shape(of: node.outputs[0]).rank
    let axis = try normalized(axis: axis, rank: rank)
    var start = 0
    var parts: [(String, [Int])] = []
    for name in node.inputs {
      var starts = [Int](repeating: 0, count: rank)
      starts[axis] = start
      parts.append((name, starts))
      start += try lowering.shape(of: name)[axis]
    }
    try lowering.place(parts, node.outputs[0])
  }
}

extension Concat: Differentiable {
  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    var result = [Tensor?].none(inputs.count)
    guard let gradient = outputGradients.optional(0) else { return result }
    let strides = gradient.shape.strides
    let axis = try normalized(axis: axis, rank: gradient.shape.rank)
    var start = 0
    for index in inputs.indices {
      let shape = try inputs.required(index).shape
      if wanted.at(index) {
        result[index] = gradient.strided(offset: start * strides[axis], strides: strides, shape: shape)
      }
      start += shape[axis]
    }
    return result
  }
}

extension Concat: ChannelPassing {
  package func trace(_ node: Node, in trace: inout ChannelTrace) throws {
    let parts = node.inputs.map { trace.labels(of: $0) }
    let rank = parts[0].count
    let joined = try normalized(axis: axis, rank: rank)
    var result = [AxisLabels](repeating: nil, count: rank)
    for axis in 0..<rank where parts.contains(where: { $0[axis] != nil }) {
      if axis == joined {
        result[axis] = zip(parts, node.inputs).flatMap { part, name in
          part[axis] ?? trace.pinned(trace.shape(of: name)[axis])
        }
        continue
      }
      result[axis] = parts[0][axis]
      for part in parts.dropFirst() { result[axis] = trace.unify(result[axis], part[axis]) }
      if parts.contains(where: { $0[axis] == nil }) {
        for part in parts { trace.pin(part[axis]) }
        result[axis] = nil
      }
    }
    trace.labels[node.outputs[0]] = result
  }
}

extension Concat: ScalePassing {
  package func scaled(
    _ node: Node, _ channels: [String: ScaledChannels], in graph: Graph
  ) -> [ScaledChannels?]? {
    let marked = node.inputs.compactMap { channels[$0] }
    guard let own = marked.first?.axis, marked.allSatisfy({ $0.axis == own }),
      let rank = graph.types[node.inputs[0]]?.shape.rank, own == (try? normalized(axis: axis, rank: rank))
    else { return nil }
    var all: [Int?] = []
    for name in node.inputs {
      guard let count = graph.types[name]?.shape[own] else { return nil }
      all += channels[name]?.channels ?? [Int?](repeating: nil, count: count)
    }
    return [ScaledChannels(axis: own, channels: all)]
  }
}
