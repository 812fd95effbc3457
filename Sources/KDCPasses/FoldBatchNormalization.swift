import KDCGraph

/// Folds a BatchNormalization into the convolution or matrix product in front of it.
package enum FoldBatchNormalization: GraphPass {
  package static let name = "fold batch normalization"

  package static func run(on graph: inout Graph) -> Int {
    graph.rewriteNodes { graph, index in
      let node = graph.nodes[index]
      guard let parameters = BatchNormalizationParameters(node, in: graph), let input = node.input(0),
        let target = graph.affineTarget(producing: input, graph.uses()),
        target.axis == 1, target.channels == parameters.affine.scale.count
      else { return false }
      graph.fold(parameters.affine, intoNodeAt: target.node)
      return graph.bypass(nodeAt: index, with: input)
    }
  }
}
