import KDCGraph
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

  private static let movement: Set = [
    "Identity", "Cast", "Reshape", "Squeeze", "Unsqueeze", "Transpose", "Flatten", "Dropout",
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

  /// The node that computes a value, ignoring those that only move or cast it.
  private func producer(_ value: String, through others: Set<String> = []) -> Node? {
    var name = value
    // Each step goes to an earlier node, so this ends.
    while let index = uses.producers[name] {
      let node = graph.nodes[index]
      let isMoved = node.domain.isEmpty && (Self.movement.contains(node.opType) || others.contains(node.opType))
      guard isMoved, let input = node.input(0) else { return node }
      name = input
    }
    return nil
  }

  private func origin(_ value: String) -> String { producer(value)?.outputs.first ?? value }

  private func computed(_ output: String) -> OutputKind? {
    guard let node = producer(output) else { return nil }
    let isVector = (graph.types[output]?.shape.dims.count { $0 != 1 } ?? 2) <= 1
    switch node.opType {
    case "Softmax": return .probabilities
    case "LogSoftmax": return .logProbabilities
    case "Sigmoid", "HardSigmoid": return .sigmoid
    case "LpNormalization": return .embedding
    case "Log": return node.input(0).flatMap { producer($0) }?.opType == "Softmax" ? .logProbabilities : nil
    case "Clip", "ReduceMean", "GlobalAveragePool", "ReduceMax", "GlobalMaxPool":
      // Limits, means and largest ones of probabilities are probabilities. Of other values, classifiers take means too.
      switch node.input(0).flatMap({ producer($0, through: [node.opType]) })?.opType {
      case "Softmax":
        return node.opType.hasSuffix("Max") || node.opType.hasSuffix("MaxPool") ? .sigmoid : .probabilities
      case "Sigmoid", "HardSigmoid": return .sigmoid
      default: return nil
      }
    case "BatchNormalization", "LayerNormalization", "RMSNormalization", "InstanceNormalization":
      return isVector ? .embedding : nil
    case "GRU", "LSTM", "RNN", "Tanh", "Relu", "ArgMax", "ArgMin": return .regression
    case "Div", "Mul", "Reciprocal": return quotient(node)
    default: return nil
    }
  }

  /// Softmax, Sigmoid and division by a norm, written out.
  private func quotient(_ node: Node) -> OutputKind? {
    guard let (value, divisor) = parts(node), let below = producer(divisor, through: ["Expand"]) else { return nil }
    if let value, let above = producer(value), above.opType == "Exp", below.opType == "ReduceSum",
      below.input(0).map(origin) == above.outputs.first
    {
      return .probabilities
    }
    // 1 / (1 + exp(−x))
    if value.map(isOne) ?? true, below.opType == "Add",
      below.inputs.contains(where: isOne), below.inputs.contains(where: { producer($0)?.opType == "Exp" })
    {
      return .sigmoid
    }
    if let value, norm(divisor) == origin(value) { return .embedding }
    return nil
  }

  /// What is divided (nil: one) and by what, in x / y, x · (1 / y) and 1 / y.
  private func parts(_ node: Node) -> (value: String?, divisor: String)? {
    if node.opType == "Reciprocal" { return node.input(0).map { (nil, $0) } }
    guard let a = node.input(0), let b = node.input(1) else { return nil }
    if node.opType == "Div" { return (a, b) }
    for (value, factor) in [(a, b), (b, a)] {
      guard let inverse = producer(factor, through: ["Expand"]) else { continue }
      if inverse.opType == "Reciprocal", let divisor = inverse.input(0) { return (value, divisor) }
      if inverse.opType == "Pow", let base = inverse.input(0), inverse.input(1).flatMap(scalar) == -0.5 {
        return (value, base)
      }
    }
    return nil
  }

  /// x of √(Σ x² + ε), of Σ x² and of what clips them from below.
  private func norm(_ value: String) -> String? {
    var name = value
    while let node = producer(name, through: ["Expand", "Clip", "Sqrt"]) {
      switch node.opType {
      case "ReduceL2", "ReduceSumSquare": return node.input(0).map(origin)
      case "Pow" where node.input(1).flatMap(scalar) == 2: return node.input(0).map(origin)
      case "Mul" where node.input(0) == node.input(1): return node.input(0).map(origin)
      case "Max", "Add":
        guard let next = node.inputs.first(where: { scalar($0) == nil }) else { return nil }
        name = next
      case "ReduceSum", "Pow":
        guard let next = node.input(0) else { return nil }
        name = next
      default: return nil
      }
    }
    return nil
  }

  private func isOne(_ value: String) -> Bool { scalar(value) == 1 }

  /// A constant with one element.
  private func scalar(_ value: String) -> Float? {
    var tensor = graph.initializers[value]
    if tensor == nil, let index = uses.producers[value], graph.nodes[index].opType == "Constant" {
      if case .tensor(let found)? = graph.nodes[index].attributes["value"] { tensor = found }
      if case .float(let found)? = graph.nodes[index].attributes["value_float"] { return found }
    }
    guard let tensor, tensor.count == 1 else { return nil }
    return tensor.asFloats.first
  }
}
