import KDCGraph

/// Makes a Relu or Clip after a FusedConv or FusedGemm its activation.
package enum FuseActivation: GraphPass {
  package static let name = "fuse activations"

  package static func run(on graph: inout Graph) -> Int {
    graph.rewriteNodes { graph, index in
      let node = graph.nodes[index]
      guard let bounds = graph.clampBounds(node), let input = node.input(0) else { return false }
      let uses = graph.uses()
      guard let producer = uses.producers[input], uses.onlyConsumer(of: input) != nil,
        graph.nodes[producer].isFused, !graph.nodes[producer].hasActivation
      else { return false }
      if bounds == (0, .infinity) {
        graph.editNode(at: producer) { $0.attributes["activation"] = .string("Relu") }
      } else {
        let limit = Float.greatestFiniteMagnitude
        graph.editNode(at: producer) {
          $0.attributes["activation"] = .string("Clip")
          $0.attributes["activation_params"] = .floats([max(bounds.low, -limit), min(bounds.high, limit)])
        }
      }
      return graph.bypass(nodeAt: index, with: input)
    }
  }
}
