import KDCGraph
import KDCOps
import KDCTensor

extension Graph {
  /// Fills `outputKinds` with what operators and names tell; what is there already stays.
  ///
  /// The last operator that computes decides, ignoring later ones that only move or cast: Softmax, LogSoftmax and Sigmoid, written
  /// out too; division by a norm and normalisation for embeddings; recurrent layers for states. After it the name:
  /// "logits", "box", "embedding", "state". Of anything else, such as the bare product that most classifiers and many
  /// encoders end in, nothing is assumed.
  package mutating func recognizeOutputKinds() {
    let recognition = OutputRecognition(graph: self, uses: uses())
    for name in outputs where outputKinds[name] == nil { outputKinds[name] = recognition.kind(of: name) }
  }
}

private struct OutputRecognition {
  let graph: Graph
  let uses: ValueUses

  private static let movement: [any Operator.Type] = [
    Identity.self, Cast.self, Reshape.self, Squeeze.self, Unsqueeze.self, Transpose.self, Flatten.self, Dropout.self,
  ]

  func kind(of output: String) -> OutputKind? {
    let named = Self.kind(named: output)
    let computed = self.computed(output)
    // The sides of boxes are often made by sigmoids.
    if named == .boxes, computed == nil || computed == .sigmoid { return .boxes }
    return computed ?? named
  }

  /// By the words in a name, as "box_coords" and "lastHiddenState" have them.
  private static func kind(named name: String) -> OutputKind? {
    var words: [String] = [""]
    var wasLower = false
    for character in name {
      if !character.isLetter || (character.isUppercase && wasLower) { words.append("") }
      if character.isLetter { words[words.count - 1] += character.lowercased() }
      wasLower = character.isLowercase
    }
    func has(_ roots: String...) -> Bool { words.contains { word in roots.contains { word.hasPrefix($0) } } }
    if has("logit") { return .logits }
    if has("box", "bbox") { return .boxes }
    if has("embedding", "embed", "descriptor", "latent") { return .embedding }
    return words.contains { ["state", "states", "hidden", "feature", "features"].contains($0) } ? .regression : nil
  }

  private func isA(_ node: Node?, _ types: [any Operator.Type]) -> Bool {
    guard let type = node.flatMap({ Operators.type(of: $0) }) else { return false }
    return types.contains { $0 == type }
  }

  /// The node that computes a value, ignoring those that only move or cast it, or are of `others`.
  private func producer(_ value: String, through others: [any Operator.Type] = []) -> Node? {
    var name = value
    // Each step goes to an earlier node, so this ends.
    while let index = uses.producers[name] {
      let node = graph.nodes[index]
      guard isA(node, Self.movement + others), let input = node.input(0) else { return node }
      name = input
    }
    return nil
  }

  private func origin(_ value: String) -> String { producer(value)?.outputs.first ?? value }

  private func computed(_ output: String) -> OutputKind? {
    guard let node = producer(output), let op = Operators.type(of: node) else { return nil }
    if let judged = op as? any OutputJudging.Type {
      return judged.outputKind(isVector: (graph.types[output]?.shape.dims.count { $0 != 1 } ?? 2) <= 1)
    }
    if op == Log.self { return isA(node.input(0).flatMap { producer($0) }, [Softmax.self]) ? .logProbabilities : nil }
    // Limits, means and largest ones of probabilities are probabilities. Of other values, classifiers take means too.
    let (means, largest): ([any Operator.Type], [any Operator.Type]) = (
      [Clip.self, ReduceMean.self, GlobalAveragePool.self], [ReduceMax.self, GlobalMaxPool.self]
    )
    if isA(node, means + largest) {
      let below = node.input(0).flatMap { producer($0, through: [op]) }
      if isA(below, [Sigmoid.self, HardSigmoid.self]) { return .sigmoid }
      return isA(below, [Softmax.self]) ? isA(node, largest) ? .sigmoid : .probabilities : nil
    }
    return isA(node, [Div.self, Mul.self, Reciprocal.self]) ? quotient(node) : nil
  }

  /// Softmax, Sigmoid and division by a norm, written out.
  private func quotient(_ node: Node) -> OutputKind? {
    guard let (value, divisor) = parts(node), let below = producer(divisor, through: [Expand.self]) else { return nil }
    if let value, let above = producer(value), isA(above, [Exp.self]), isA(below, [ReduceSum.self]),
      below.input(0).map(origin) == above.outputs.first
    {
      return .probabilities
    }
    // 1 / (1 + exp(−x))
    if value.map(isOne) ?? true, isA(below, [Add.self]),
      below.inputs.contains(where: isOne), below.inputs.contains(where: { isA(producer($0), [Exp.self]) })
    {
      return .sigmoid
    }
    if let value, norm(divisor) == origin(value) { return .embedding }
    return nil
  }

  /// What is divided (nil: one) and by what, in x / y, x · (1 / y) and 1 / y.
  private func parts(_ node: Node) -> (value: String?, divisor: String)? {
    if isA(node, [Reciprocal.self]) { return node.input(0).map { (nil, $0) } }
    guard let a = node.input(0), let b = node.input(1) else { return nil }
    if isA(node, [Div.self]) { return (a, b) }
    for (value, factor) in [(a, b), (b, a)] {
      guard let inverse = producer(factor, through: [Expand.self]) else { continue }
      if isA(inverse, [Reciprocal.self]), let divisor = inverse.input(0) { return (value, divisor) }
      if isA(inverse, [Pow.self]), let base = inverse.input(0), inverse.input(1).flatMap(scalar) == -0.5 {
        return (value, base)
      }
    }
    return nil
  }

  /// x of √(Σ x² + ε), of Σ x² and of what clips them from below.
  private func norm(_ value: String) -> String? {
    var name = value
    while let node = producer(name, through: [Expand.self, Clip.self, Sqrt.self]) {
      let isSquare =
        isA(node, [ReduceL2.self, ReduceSumSquare.self])
        || (isA(node, [Pow.self]) && node.input(1).flatMap(scalar) == 2)
        || (isA(node, [Mul.self]) && node.input(0) == node.input(1))
      if isSquare { return node.input(0).map(origin) }
      let next =
        isA(node, [Max.self, Add.self])
        ? node.inputs.first { scalar($0) == nil } : isA(node, [ReduceSum.self, Pow.self]) ? node.input(0) : nil
      guard let next else { return nil }
      name = next
    }
    return nil
  }

  private func isOne(_ value: String) -> Bool { scalar(value) == 1 }

  /// A constant with one element.
  private func scalar(_ value: String) -> Float? {
    let node = uses.producers[value].map { graph.nodes[$0] }
    let stored = isA(node, [ConstantOperator.self]) ? node.flatMap { try? ConstantOperator(decoding: $0).value } : nil
    let tensor = graph.initializers[value] ?? stored
    guard let tensor, tensor.count == 1 else { return nil }
    return tensor.asFloats.first
  }
}
