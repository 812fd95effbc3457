import KDCGraph
import KDCTensor

/// For each position along an axis of a value, the channel of the layer that it comes from, or nil.
package struct ScaledChannels: Equatable, Sendable {
  package var axis: Int
  package var channels: [Int?]

  package init(axis: Int, channels: [Int?]) {
    self.axis = axis
    self.channels = channels
  }
}

/// An operator f with f(s · x) = s · f(x) for every s > 0, channel by channel: rectifiers, pools, movement, products with
/// other values.
package protocol ScalePassing: Operator {
  /// The channels of the node's outputs, from those of its inputs that have some; nil where factors do not pass. Types are
  /// inferred.
  func scaled(_ node: Node, _ channels: [String: ScaledChannels], in graph: Graph) -> [ScaledChannels?]?
}

/// One whose first operand alone may be scaled.
protocol UnaryScalePassing: ScalePassing {
  /// The channels of the outputs, from those of the first operand and the shapes of it and of the first output.
  func scaled(_ own: ScaledChannels, _ node: Node, _ shape: Shape, _ result: Shape, in graph: Graph)
    -> [ScaledChannels?]?
}

extension UnaryScalePassing {
  package func scaled(
    _ node: Node, _ channels: [String: ScaledChannels], in graph: Graph
  ) -> [ScaledChannels?]? {
    guard let own = channels[node.inputs[0]], !node.inputs.dropFirst().contains(where: { channels[$0] != nil }),
      let shape = graph.types[node.inputs[0]]?.shape, let result = graph.types[node.outputs[0]]?.shape
    else { return nil }
    return scaled(own, node, shape, result, in: graph)
  }

  func scaled(
    _ own: ScaledChannels, _ node: Node, _ shape: Shape, _ result: Shape, in graph: Graph
  ) -> [ScaledChannels?]? {
    [own] + node.outputs.dropFirst().map { _ in nil }
  }
}

extension ScaledChannels {
  /// The same elements under another shape: the first axis that holds all channels, and perhaps what lies inside them.
  func regrouped(_ shape: Shape, _ result: Shape) -> ScaledChannels? {
    let inner = shape.dims[(axis + 1)...].reduce(1, *)
    for axis in result.dims.indices {
      let behind = result.dims[(axis + 1)...].reduce(1, *)
      guard behind > 0, inner % behind == 0, result[axis] > 1 else { continue }
      let run = inner / behind
      guard run > 0, result[axis] % (channels.count * run) == 0 else { continue }
      return ScaledChannels(axis: axis, channels: (0..<result[axis]).map { channels[$0 / run % channels.count] })
    }
    return nil
  }
}

extension BinaryArithmetic {
  /// A product or quotient: one operand on the path, of those that may be, times or by another that is not.
  func scaledProduct(
    _ node: Node, _ channels: [String: ScaledChannels], in graph: Graph, operands: ClosedRange<Int>
  ) -> [ScaledChannels?]? {
    let marked = node.inputs.indices.filter { channels[node.inputs[$0]] != nil }
    guard marked.count == 1, operands.contains(marked[0]), let own = channels[node.inputs[marked[0]]],
      let result = graph.types[node.outputs[0]]?.shape,
      graph.types[node.inputs[marked[0]]]?.shape.rank == result.rank, result[own.axis] == own.channels.count
    else { return nil }
    return [own]
  }
}
