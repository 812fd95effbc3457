import KDCGraph
import KDCTensor

/// Makes the Add after a FusedConv or FusedGemm its residual input Z, which is added before the activation. What is
/// added to scores before a Softmax and comes from no layer may be a mask, and stays apart.
package enum FuseResidualAdd: GraphPass {
  package static let name = "fuse residual additions"

  package static func run(on graph: inout Graph) -> Int {
    graph.rewriteNodes { graph, index in
      let add = graph.nodes[index]
      guard add.isStandard("Add"), add.inputs.count == 2, add.inputs[0] != add.inputs[1] else { return false }
      let uses = graph.uses()
      // Of two candidates the later one: the earlier is most often the short branch.
      let candidates = [(0, 1), (1, 0)].compactMap { own, other -> (node: Int, residual: String)? in
        guard let node = uses.producers[add.inputs[own]], accepts(graph.nodes[node]),
          uses.onlyConsumer(of: add.inputs[own]) != nil, graph.initializers[add.inputs[other]] == nil,
          let type = graph.types[add.inputs[own]], graph.types[add.inputs[other]] == type,
          uses.producers[add.inputs[other]].map({ graph.nodes[$0].isFused }) == true
            || !graph.feedsSoftmax(add.outputs[0], uses)
        else { return nil }
        return (node, add.inputs[other])
      }
      guard let chosen = candidates.max(by: { $0.node < $1.node }) else { return false }
      var fused = graph.nodes[chosen.node]
      fused.inputs = Array(fused.inputs.prefix(3)) + [chosen.residual]
      fused.outputs = add.outputs
      // At the place of the Add both operands exist.
      graph.removeNode(at: chosen.node)
      graph.editNode(at: index) { $0 = fused }
      return true
    }
  }

  private static func accepts(_ node: Node) -> Bool {
    node.isFused && node.inputs.count >= 3 && node.input(3) == nil && !node.hasActivation
  }
}
