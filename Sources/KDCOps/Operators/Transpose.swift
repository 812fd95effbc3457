import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Permutes axes: output axis i is input axis perm[i]; reversed by default. ONNX `Transpose`, opsets 1, 13, 21.
package struct Transpose: Quantizable, ChannelPassing {
  package static let onnxName = "Transpose"
  package let permutation: [Int]?

  package init(decoding node: Node) throws(Diagnostic) { permutation = try node.optionalInts("perm") }

  package var quantizationRule: QuantizationRule { .sameAsInput(.rearrange) }

  /// The permutation for a tensor of `rank`. Throws KDC2011 where it is none.
  package func permutation(rank: Int) throws(Diagnostic) -> [Int] {
    guard let permutation else { return (0..<rank).reversed() }
    guard permutation.sorted() == Array(0..<rank) else {
      throw Diagnostic(.invalidAttribute, "perm \(permutation) of 'Transpose' is no permutation of \(rank) axes")
    }
    return permutation
  }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let type = try required(inputs, 0, "data").type
    let order = try permutation(rank: type.shape.rank)
    return [TensorType(type.dataType, Shape(order.map { type.shape[$0] }))]
  }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let x = try inputs.required(0)
    let order = try permutation(rank: x.shape.rank)
    let strides = x.shape.strides
    return [x.strided(offset: 0, strides: order.map { strides[$0] }, shape: Shape(order.map { x.shape[$0] }))]
  }

  package func trace(_ node: Node, in trace: inout ChannelTrace) throws {
    let x = trace.labels(of: node.inputs[0])
    trace.labels[node.outputs[0]] = try permutation(rank: x.count).map { x[$0] }
  }
}

extension Transpose: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let rank = try lowering.shape(of: node.inputs[0]).rank
    let order = try permutation(rank: rank)
    try lowering.select(
      node.inputs[0], node.outputs[0], starts: [Int](repeating: 0, count: rank), axes: order.map { ($0, 1) })
  }
}

extension Transpose: Differentiable {
  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    guard wanted.at(0), let gradient = outputGradients.optional(0) else { return .none(inputs.count) }
    let x = try inputs.required(0).shape
    let order = try permutation(rank: x.rank)
    let strides = gradient.shape.strides
    var inverse = [Int](repeating: 0, count: order.count)
    for (position, axis) in order.enumerated() { inverse[axis] = strides[position] }
    return [gradient.strided(offset: 0, strides: inverse, shape: x)]
  }
}

extension Transpose: UnaryScalePassing {
  func scaled(
    _ own: ScaledChannels, _ node: Node, _ shape: Shape, _ result: Shape, in graph: Graph
  ) -> [ScaledChannels?]? {
    guard let axis = try? permutation(rank: shape.rank).firstIndex(of: own.axis) else { return nil }
    return [ScaledChannels(axis: axis, channels: own.channels)]
  }
}
