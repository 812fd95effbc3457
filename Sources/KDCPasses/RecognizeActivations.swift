import KDCGraph
import KDCOps
import KDCTensor

/// Writes activations that exporters spell out as their own operators, so that each becomes one table of an int8 value:
///
/// - clip(x + 3, 0, 6) / 6 → HardSigmoid; x · HardSigmoid(x) and x · clip(x + 3, 0, 6) / 6 → HardSwish
/// - x · Sigmoid(x) → com.microsoft QuickGelu with alpha 1
/// - x · (1 + erf(x / √2)) / 2 → Gelu
package enum RecognizeActivations: GraphPass {
  package static let name = "recognize activations"

  package static func run(on graph: inout Graph) -> Int {
    graph.rewriteNodes { graph, index in
      let node = graph.nodes[index]
      guard node.isStandard("Mul", "Div"), graph.types[node.outputs[0]]?.dataType == .float32,
        let match = Matcher(graph: graph, uses: graph.uses()).match(node),
        Operators.type(named: match.opType, domain: match.domain) != nil,
        graph.types[match.input] == graph.types[node.outputs[0]]
      else { return false }
      graph.editNode(at: index) {
        $0 = Node(
          name: node.name, opType: match.opType, domain: match.domain, opset: match.opset, inputs: [match.input],
          outputs: node.outputs, attributes: match.attributes)
      }
      return true
    }
  }

  private struct Match {
    var opType: String
    var domain = ""
    var opset: Int
    var input: String
    var attributes: [String: Attribute] = [:]
  }

  /// Looks from the last node of a pattern backwards. Inner values that are read elsewhere as well stay computed.
  private struct Matcher {
    let graph: Graph
    let uses: ValueUses

    func match(_ node: Node) -> Match? {
      hardSigmoid(node) ?? hardSwish(node) ?? gated(node) ?? gelu(node)
    }

    private func producer(_ value: String, _ opTypes: String...) -> Node? {
      guard let index = uses.producers[value], graph.nodes[index].domain.isEmpty,
        opTypes.contains(graph.nodes[index].opType)
      else { return nil }
      return graph.nodes[index]
    }

    private func isClose(_ a: Float, _ b: Float) -> Bool { abs(a - b) <= 1e-5 * abs(b) }

    /// The value that `node` divides by `divisor`.
    private func divided(_ node: Node, by divisor: Float) -> String? {
      guard let (value, scalar) = graph.valueAndScalar(node, commutes: node.opType == "Mul") else { return nil }
      return isClose(node.opType == "Mul" ? 1 / scalar : scalar, divisor) ? value : nil
    }

    /// x of clip(x + 3, 0, 6).
    private func relu6OfShifted(_ value: String) -> String? {
      guard let clip = producer(value, "Clip"), let bounds = graph.clampBounds(clip), bounds == (0, 6),
        let add = producer(clip.inputs[0], "Add"), let (input, scalar) = graph.valueAndScalar(add), scalar == 3
      else { return nil }
      return input
    }

    private func hardSigmoid(_ node: Node) -> Match? {
      guard let clipped = divided(node, by: 6), let input = relu6OfShifted(clipped) else { return nil }
      return Match(
        opType: "HardSigmoid", opset: 6, input: input, attributes: ["alpha": .float(1 / 6), "beta": .float(0.5)])
    }

    private func hardSwish(_ node: Node) -> Match? {
      if let product = divided(node, by: 6), let mul = producer(product, "Mul"), mul.inputs.count == 2 {
        for (own, other) in [(0, 1), (1, 0)] where relu6OfShifted(mul.inputs[other]) == mul.inputs[own] {
          return Match(opType: "HardSwish", opset: 14, input: mul.inputs[own])
        }
      }
      // (x / 6) · clip(x + 3, 0, 6)
      guard node.opType == "Mul", node.inputs.count == 2 else { return nil }
      for (own, other) in [(0, 1), (1, 0)] {
        guard let scale = producer(node.inputs[own], "Mul", "Div"), let input = divided(scale, by: 6),
          relu6OfShifted(node.inputs[other]) == input
        else { continue }
        return Match(opType: "HardSwish", opset: 14, input: input)
      }
      return nil
    }

    private func gated(_ node: Node) -> Match? {
      guard node.opType == "Mul", node.inputs.count == 2 else { return nil }
      for (own, other) in [(0, 1), (1, 0)] {
        let input = node.inputs[own]
        if let gate = producer(node.inputs[other], "Sigmoid"), gate.inputs[0] == input {
          return Match(
            opType: "QuickGelu", domain: "com.microsoft", opset: 1, input: input, attributes: ["alpha": .float(1)])
        }
        if let gate = producer(node.inputs[other], "HardSigmoid"), gate.inputs[0] == input,
          isClose(gate.float("alpha") ?? 0.2, 1 / 6), isClose(gate.float("beta") ?? 0.5, 0.5)
        {
          return Match(opType: "HardSwish", opset: 14, input: input)
        }
      }
      return nil
    }

    /// Three factors in any order and grouping: x, 1/2 and 1 + erf(x / √2).
    private func gelu(_ node: Node) -> Match? {
      guard node.opType == "Mul" else { return nil }
      var factors = node.inputs
      for (position, name) in node.inputs.enumerated() {
        guard let inner = producer(name, "Mul"), uses.onlyConsumer(of: name) != nil, inner.inputs.count == 2 else {
          continue
        }
        factors = inner.inputs + [node.inputs[1 - position]]
        if let match = gelu(factors) { return match }
      }
      return nil
    }

    private func gelu(_ factors: [String]) -> Match? {
      guard factors.contains(where: { graph.scalar($0) == 0.5 }) else { return nil }
      let others = factors.filter { graph.scalar($0) != 0.5 }
      guard others.count == 2 else { return nil }
      for (own, other) in [(0, 1), (1, 0)] {
        guard let add = producer(others[other], "Add"), let (error, one) = graph.valueAndScalar(add), one == 1,
          let erf = producer(error, "Erf"), let scale = producer(erf.inputs[0], "Div", "Mul"),
          divided(scale, by: Float(2).squareRoot()) == others[own]
        else { continue }
        return Match(opType: "Gelu", opset: 20, input: others[own])
      }
      return nil
    }
  }
}
