import KDCGraph
import KDCOps
import KDCTensor

/// Writes activations that exporters spell out as their own operators, so that each becomes one table of an int8 value:
///
/// - clip(x + 3, 0, 6) / 6 → HardSigmoid; x · HardSigmoid(x) and x · clip(x + 3, 0, 6) / 6 → HardSwish
/// - x · Sigmoid(x) → com.microsoft QuickGelu with alpha 1
/// - x · (1 + erf(x / √2)) / 2, and ½x(1 + tanh(√(2/π)(x + 0.044715x³))) → Gelu
/// - x · tanh(softplus(x)) → Mish
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
      hardSigmoid(node) ?? hardSwish(node) ?? gated(node) ?? gelu(node) ?? mish(node)
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

    // MARK: Gelu and Mish

    /// x · (1 + erf(x / √2)) / 2, and ½x(1 + tanh(√(2/π)(x + 0.044715x³))).
    private func gelu(_ node: Node) -> Match? {
      for gate in Product(node.outputs[0], in: graph, uses: uses).factors {
        guard let add = producer(gate, "Add"), let (bent, one) = graph.valueAndScalar(add), one == 1,
          let function = producer(bent, "Erf", "Tanh")
        else { continue }
        let isTanh = function.opType == "Tanh"
        let inputs =
          isTanh ? cubicInput(function.inputs[0]) : Product(function.inputs[0], in: graph, uses: uses).factors
        for input in inputs where isProduct(node.outputs[0], of: 0.5, input, gate) {
          let isGelu =
            isTanh
            ? isCubic(function.inputs[0], of: input)
            : isProduct(function.inputs[0], of: Float(0.5).squareRoot(), input)
          guard isGelu else { continue }
          return Match(
            opType: "Gelu", opset: 20, input: input, attributes: isTanh ? ["approximate": .string("tanh")] : [:])
        }
      }
      return nil
    }

    private func isProduct(_ value: String, of number: Float, _ factors: String...) -> Bool {
      let product = Product(value, in: graph, uses: uses, whole: Set(factors))
      return product.isProduct(of: number, factors)
    }

    private static let root = (2 / Float.pi).squareRoot()
    private static let cube: Float = 0.044715

    /// What may be x of √(2/π)(x + 0.044715x³).
    private func cubicInput(_ value: String) -> [String] {
      let factors = Product(value, in: graph, uses: uses).factors
      return factors.flatMap { factor in producer(factor, "Add")?.inputs ?? [factor] }
    }

    /// Whether `value` is √(2/π)(x + 0.044715x³), or √(2/π)x(1 + 0.044715x²).
    private func isCubic(_ value: String, of x: String) -> Bool {
      for sum in Product(value, in: graph, uses: uses, whole: [x]).factors {
        guard let add = producer(sum, "Add") else { continue }
        if let (square, one) = graph.valueAndScalar(add) {
          guard one == 1, isProduct(square, of: Self.cube, x, x) else { continue }
          if isProduct(value, of: Self.root, x, sum) { return true }
        } else if add.inputs.count == 2, add.inputs.contains(x),
          isProduct(add.inputs[add.inputs[0] == x ? 1 : 0], of: Self.cube, x, x, x),
          isProduct(value, of: Self.root, sum)
        {
          return true
        }
      }
      return false
    }

    /// x · tanh(softplus(x)).
    private func mish(_ node: Node) -> Match? {
      guard node.opType == "Mul", node.inputs.count == 2 else { return nil }
      for (own, other) in [(0, 1), (1, 0)] {
        guard let tanh = producer(node.inputs[other], "Tanh"), let softplus = producer(tanh.inputs[0], "Softplus"),
          softplus.inputs[0] == node.inputs[own]
        else { continue }
        return Match(opType: "Mish", opset: 18, input: node.inputs[own])
      }
      return nil
    }
  }
}
