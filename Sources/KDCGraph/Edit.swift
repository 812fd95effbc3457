import KDCTensor

/// Small edits that passes are made of.
extension Graph {
  package func uses() -> ValueUses { index?.uses ?? ValueUses(self) }

  /// Makes every reader of `old` read `new` instead; graph outputs keep their names and so are not changed.
  package mutating func replaceUses(of old: String, with new: String) {
    guard let readers = index?.uses.consumers[old] else {
      guard index == nil else { return }
      for place in nodes.indices { nodes[place].replaceReads(of: old, with: new) }
      return
    }
    var last = -1
    for place in readers where place != last {
      editNode(at: place) { $0.replaceReads(of: old, with: new) }
      last = place
    }
  }

  /// Removes a node that gives its input `value` on unchanged as its first output. False where the names of graph
  /// outputs and inputs forbid it, and then nothing has changed.
  package mutating func bypass(nodeAt place: Int, with value: String) -> Bool {
    let output = nodes[place].outputs[0]
    if isOutput(output) {
      // The graph output must keep its name, so the value takes it; its producer must be a node for that.
      guard !isOutput(value), let producer = producer(of: value) else { return false }
      replaceUses(of: value, with: output)
      removeNode(at: place)
      editNode(at: producer < place || index != nil ? producer : producer - 1) { node in
        node.outputs = node.outputs.map { $0 == value ? output : $0 }
      }
      types[value] = nil
      givenQuantization[output] = givenQuantization[output] ?? givenQuantization[value]
      givenQuantization[value] = nil
    } else {
      replaceUses(of: output, with: value)
      types[output] = nil
      // What is said of the later value counts: the node may be a rectifier that became a part of what makes `value`.
      givenQuantization[value] = givenQuantization[output] ?? givenQuantization[value]
      givenQuantization[output] = nil
      removeNode(at: place)
    }
    return true
  }

  private func isOutput(_ value: String) -> Bool { index?.uses.outputs.contains(value) ?? outputs.contains(value) }

  private func producer(of value: String) -> Int? {
    guard let index else { return nodes.firstIndex { $0.outputs.contains(value) } }
    return index.uses.producers[value]
  }

  /// A value name that is not in use yet: `base`, or `base` with a number.
  package func freshName(_ base: String) -> String {
    if let index {
      return Self.fresh(base) { name in
        initializers[name] != nil || index.uses.producers[name] != nil || index.uses.consumers[name] != nil
          || index.uses.outputs.contains(name) || index.inputNames.contains(name)
      }
    }
    var taken = Set(initializers.keys).union(inputs.map(\.name)).union(outputs)
    for node in nodes { taken.formUnion(node.outputs + node.inputs) }
    return Self.fresh(base, taken.contains)
  }

  /// A node name that is not in use yet.
  package func freshNodeName(_ base: String) -> String {
    Self.fresh(base, (index?.nodeNames ?? Set(nodes.map(\.name))).contains)
  }

  /// Doubles the number until a name is free, and then looks between: many names of one base cost little.
  private static func fresh(_ base: String, _ isTaken: (String) -> Bool) -> String {
    guard isTaken(base) else { return base }
    var (taken, free) = (0, 1)
    while isTaken("\(base)_\(free)") { (taken, free) = (free, 2 * free) }
    while free - taken > 1 {
      let middle = (taken + free) / 2
      if isTaken("\(base)_\(middle)") { taken = middle } else { free = middle }
    }
    return "\(base)_\(free)"
  }

  /// Adds an initializer under a fresh name made from `base`, and returns the name.
  package mutating func addInitializer(_ base: String, _ tensor: Tensor) -> String {
    let name = freshName(base)
    initializers[name] = tensor
    types[name] = tensor.type
    return name
  }

  /// Removes initializers that nothing reads. Returns how many.
  package mutating func removeUnusedInitializers() -> Int {
    let read = Set(nodes.flatMap(\.reads)).union(outputs)
    let unused = initializers.keys.filter { !read.contains($0) }
    for name in unused {
      initializers[name] = nil
      types[name] = nil
      quantization[name] = nil
    }
    return unused.count
  }
}

extension Node {
  /// Makes the node, and the graphs in its attributes, read `new` instead of `old`.
  package mutating func replaceReads(of old: String, with new: String) {
    for index in inputs.indices where inputs[index] == old { inputs[index] = new }
    guard hasSubgraph else { return }
    for (key, attribute) in attributes {
      guard case .graph(var graph) = attribute, graph.outerReads.contains(old) else { continue }
      graph.replaceUses(of: old, with: new)
      graph.outputs = graph.outputs.map { $0 == old ? new : $0 }
      attributes[key] = .graph(graph)
    }
  }
}
