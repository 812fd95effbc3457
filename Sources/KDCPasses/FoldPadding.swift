import KDCGraph
import KDCTensor

/// Folds a Pad of constant zeros into the padding of the convolution or pooling that follows.
///
/// A MaxPool pads with −∞ instead of zeros, so it takes a Pad only where the values are not negative, or where the Pad
/// itself fills with the least float.
package enum FoldPadding: GraphPass {
  package static let name = "fold padding"

  package static func run(on graph: inout Graph) -> Int {
    graph.rewriteNodes { graph, index in
      let pad = graph.nodes[index]
      guard pad.isStandard("Pad"), let input = pad.input(0), graph.types[input]?.dataType == .float32,
        let amounts = graph.padding(of: pad), amounts.count >= 3, isConstantMode(pad), let value = fill(pad, graph),
        amounts.prefix(2).allSatisfy({ $0 == (0, 0) }), amounts.allSatisfy({ $0.before >= 0 && $0.after >= 0 })
      else { return false }
      let spatial = amounts.dropFirst(2)
      let uses = graph.uses()
      guard let reader = uses.onlyConsumer(of: pad.outputs[0]), graph.nodes[reader].inputs[0] == pad.outputs[0],
        graph.nodes[reader].inputs.dropFirst().allSatisfy({ $0 != pad.outputs[0] }),
        accepts(graph.nodes[reader], Array(spatial), value, input, uses, graph)
      else { return false }
      let old = graph.nodes[reader].ints("pads") ?? [Int64](repeating: 0, count: 2 * spatial.count)
      let added = spatial.map { Int64($0.before) } + spatial.map { Int64($0.after) }
      graph.editNode(at: reader) {
        $0.attributes["pads"] = .ints(zip(old, added).map { $0 + $1 })
        if $0.opType == "AveragePool" { $0.attributes["count_include_pad"] = .int(1) }
      }
      return graph.bypass(nodeAt: index, with: input)
    }
  }

  private static func isConstantMode(_ pad: Node) -> Bool {
    guard case .string(let mode)? = pad.attributes["mode"] else { return true }
    return mode == "constant"
  }

  /// The value a Pad fills with.
  private static func fill(_ pad: Node, _ graph: Graph) -> Float? {
    if let value = pad.float("value") { return value }
    return pad.input(2) == nil ? 0 : graph.scalar(pad.input(2))
  }

  private static func accepts(
    _ node: Node, _ pads: [(before: Int, after: Int)], _ value: Float, _ input: String, _ uses: ValueUses,
    _ graph: Graph
  ) -> Bool {
    if node.isFused { return node.opType == "FusedConv" && value == 0 }
    guard node.isStandard("AveragePool", "MaxPool"), (node.int("ceil_mode") ?? 0) == 0, node.ints("dilations") == nil,
      let kernel = node.ints("kernel_shape"), kernel.count == pads.count,
      zip(kernel, pads).allSatisfy({ $1.before < Int($0) && $1.after < Int($0) })
    else { return false }
    if case .string(let mode)? = node.attributes["auto_pad"], mode != "NOTSET" { return false }
    let ownPads = node.ints("pads")?.contains { $0 != 0 } ?? false
    if node.opType == "AveragePool" { return value == 0 && (!ownPads || node.int("count_include_pad") == 1) }
    guard !ownPads else { return false }
    if value <= -Float.greatestFiniteMagnitude { return true }
    guard value == 0, let producer = uses.producers[input] else { return false }
    let bounds = graph.clampBounds(graph.nodes[producer])
    return (bounds.map { $0.low >= 0 } ?? false) || graph.nodes[producer].isStandard("Sigmoid", "HardSigmoid")
  }
}
