import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Cuts a tensor into parts along one axis. ONNX `Split`, opsets 2, 11, 13, 18.
///
/// Sizes: the attribute `split` (opset < 13) or input 1, else equal parts; from opset 18 on, `num_outputs` parts of
/// which the last may be smaller.
package struct Split: Quantizable, ElementMovement {
  package static let onnxName = "Split"
  package static let inputCount = 1...2
  package static let outputCount = 1...Int.max
  package let axis: Int
  package let sizes: [Int]?
  package let partCount: Int
  /// The axis need not divide evenly.
  package let allowsRemainder: Bool

  package init(decoding node: Node) throws(Diagnostic) {
    axis = try node.int("axis", default: 0)
    sizes = node.opset < 13 ? try node.optionalInts("split") : nil
    let count = node.opset >= 18 ? try node.optionalInt("num_outputs") : nil
    allowsRemainder = count != nil
    partCount = node.outputs.count
    if let count, count != partCount {
      throw node.invalid("num_outputs", "is \(count), but the node has \(partCount) outputs")
    }
    guard partCount > 0 else { throw Diagnostic(.invalidGraph, "'Split' has no outputs", at: node.place) }
  }

  package var quantizationRule: QuantizationRule { .sameAsInput(.cut) }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let type = try required(inputs, 0, "input").type
    let axis = try normalized(axis: axis, rank: type.shape.rank)
    let sizes = try parts(of: type.shape[axis], given: constantInts(inputs, 1, "split"))
    return sizes.map { size in
      var shape = type.shape
      shape.dims[axis] = size
      return TensorType(type.dataType, shape)
    }
  }

  /// Sizes of the parts of an axis of `length`. Throws KDC2014 where they do not fit it.
  package func parts(of length: Int, given: [Int]?) throws(Diagnostic) -> [Int] {
    if let sizes = given ?? sizes {
      guard sizes.count == partCount, sizes.allSatisfy({ $0 >= 0 && $0 <= length }), sizes.reduce(0, +) == length else {
        throw shapeMismatch("sizes \(sizes) do not cut \(length) into \(partCount) parts")
      }
      return sizes
    }
    let size = (length + partCount - 1) / partCount
    guard length % partCount == 0 || (allowsRemainder && size * (partCount - 1) < length) else {
      throw shapeMismatch("\(length) cannot be cut into \(partCount) parts")
    }
    return (0..<partCount).map { min(size, length - size * $0) }
  }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let x = try inputs.required(0)
    let axis = try normalized(axis: axis, rank: x.shape.rank)
    var start = 0
    return try parts(of: x.shape[axis], given: inputs.optionalInts(1)).map { size in
      var shape = x.shape
      shape.dims[axis] = size
      defer { start += size }
      return x.strided(offset: start * x.shape.strides[axis], strides: x.shape.strides, shape: shape)
    }
  }
}

extension Split: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let shape = try lowering.shape(of: node.inputs[0])
    let axis = try normalized(axis: axis, rank: shape.rank)
    var start = 0
    for (name, size) in zip(node.outputs, try parts(of: shape[axis], given: lowering.integers(node, 1))) {
      defer { start += size }
      guard lowering.isUsed(name) else { continue }
      var starts = [Int](repeating: 0, count: shape.rank)
      starts[axis] = start
      try lowering.select(node.inputs[0], name, starts: starts, axes: shape.dims.indices.map { ($0, 1) })
    }
  }
}

extension Split: ChannelPassing {
  package func trace(_ node: Node, in trace: inout ChannelTrace) throws {
    let x = trace.labels(of: node.inputs[0])
    let axis = try normalized(axis: axis, rank: x.count)
    guard !node.outputs.contains("") else { return trace.giveUp() }
    var start = 0
    for output in node.outputs {
      let end = start + trace.shape(of: output)[axis]
      var own = x
      own[axis] = x[axis].map { Array($0[start..<end]) }
      trace.labels[output] = own
      start = end
    }
  }

  package func recount(_ node: inout Node, in removal: inout ChannelRemoval) throws {
    let axis = try normalized(axis: axis, rank: removal.shape(of: node.inputs[0]).rank)
    let sizes = node.outputs.map { removal.size($0, axis) }
    if node.opset < 13 {
      node.attributes["split"] = .ints(sizes.map(Int64.init))
    } else {
      node.attributes["num_outputs"] = nil
      removal.set(sizes, input: 1, of: &node)
    }
  }
}

extension Split: UnaryScalePassing {
  func scaled(
    _ own: ScaledChannels, _ node: Node, _ shape: Shape, _ result: Shape, in graph: Graph
  ) -> [ScaledChannels?]? {
    guard let axis = try? normalized(axis: axis, rank: shape.rank) else { return nil }
    guard axis == own.axis else { return node.outputs.map { _ in own } }
    var start = 0
    var parts: [ScaledChannels?] = []
    for output in node.outputs {
      guard let count = graph.types[output]?.shape[axis], start + count <= own.channels.count else { return nil }
      parts.append(ScaledChannels(axis: axis, channels: Array(own.channels[start..<start + count])))
      start += count
    }
    return parts
  }
}
