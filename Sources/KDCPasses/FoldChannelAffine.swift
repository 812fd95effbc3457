import KDCGraph
import KDCTensor

/// Folds Mul, Div, Add and Sub by constants per channel into the convolution or matrix product in front of them: bias
/// additions that exporters write as nodes, and scales.
package enum FoldChannelAffine: GraphPass {
  package static let name = "fold channel scales and shifts"

  package static func run(on graph: inout Graph) -> Int {
    graph.rewriteNodes { graph, index in
      let node = graph.nodes[index]
      guard node.isStandard("Mul", "Div", "Add", "Sub"), node.inputs.count == 2 else { return false }
      let uses = graph.uses()
      for (data, other) in [(0, 1), (1, 0)] {
        guard let constant = graph.floatConstant(node.inputs[other]),
          let target = graph.affineTarget(producing: node.inputs[data], uses),
          let rank = graph.types[node.inputs[data]]?.shape.rank,
          let values = perChannel(constant, target.channels, axis: target.axis, rank: rank),
          let affine = affine(node.opType, values, constantIsFirst: other == 0),
          !node.isStandard("Add", "Sub") || !graph.isMask(constant, giving: node.outputs[0], uses)
        else { continue }
        graph.fold(affine, intoNodeAt: target.node)
        return graph.bypass(nodeAt: index, with: node.inputs[data])
      }
      return false
    }
  }

  /// The constant as one value for each channel, where it broadcasts along that axis only.
  static func perChannel(_ constant: Tensor, _ channels: Int, axis: Int, rank: Int) -> [Double]? {
    let shape = constant.shape
    guard let values = constant.floats, shape.rank <= rank else { return nil }
    if values.count == 1 { return [Double](repeating: Double(values[0]), count: channels) }
    let channelAxis = axis - (rank - shape.rank)
    guard values.count == channels, shape.dims.indices.contains(channelAxis), shape[channelAxis] == channels else {
      return nil
    }
    return values.map { Double($0) }
  }

  static func affine(_ opType: String, _ values: [Double], constantIsFirst: Bool) -> ChannelAffine? {
    let ones = values.map { _ in 1.0 }
    let zeros = values.map { _ in 0.0 }
    switch opType {
    case "Mul": return ChannelAffine(scale: values, shift: zeros)
    case "Add": return ChannelAffine(scale: ones, shift: values)
    case "Sub" where constantIsFirst: return ChannelAffine(scale: ones.map { -$0 }, shift: values)
    case "Sub": return ChannelAffine(scale: ones, shift: values.map { -$0 })
    case "Div" where !constantIsFirst && !values.contains(0):
      return ChannelAffine(scale: values.map { 1 / $0 }, shift: zeros)
    default: return nil
    }
  }
}
