import KDCTensor

/// Who makes and who reads each value, by index in `Graph.nodes`. Valid until the graph is edited.
package struct ValueUses: Sendable {
  package var producers: [String: Int] = [:]
  /// Each reading node once per operand, in order of the nodes; readers inside graph attributes count too.
  package var consumers: [String: [Int]] = [:]
  package var outputs: Set<String> = []

  /// The one node that reads `value`, where nothing else does and it is no graph output.
  package func onlyConsumer(of value: String) -> Int? {
    guard !outputs.contains(value), let readers = consumers[value], readers.count == 1 else { return nil }
    return readers[0]
  }
}

/// Small edits that passes are made of.
extension Graph {
  package func uses() -> ValueUses {
    var uses = ValueUses()
    uses.outputs = Set(outputs)
    for (index, node) in nodes.enumerated() {
      for output in node.outputs where !output.isEmpty { uses.producers[output] = index }
      for read in node.reads { uses.consumers[read, default: []].append(index) }
    }
    return uses
  }

  /// Makes every reader of `old` read `new` instead; graph outputs keep their names and so are not changed.
  package mutating func replaceUses(of old: String, with new: String) {
    for index in nodes.indices { nodes[index].replaceReads(of: old, with: new) }
  }

  /// Removes a node that gives its input `value` on unchanged as its first output. False where the names of graph
  /// outputs and inputs forbid it, and then nothing has changed.
  package mutating func bypass(nodeAt index: Int, with value: String) -> Bool {
    let output = nodes[index].outputs[0]
    if outputs.contains(output) {
      // The graph output must keep its name, so the value takes it; its producer must be a node for that.
      guard !outputs.contains(value), let producer = nodes.firstIndex(where: { $0.outputs.contains(value) }) else {
        return false
      }
      replaceUses(of: value, with: output)
      nodes[producer].outputs = nodes[producer].outputs.map { $0 == value ? output : $0 }
      types[value] = nil
    } else {
      replaceUses(of: output, with: value)
      types[output] = nil
    }
    nodes.remove(at: index)
    return true
  }

  /// A value name that is not in use yet: `base`, or `base` with a number.
  package func freshName(_ base: String) -> String {
    var taken = Set(initializers.keys).union(inputs.map(\.name)).union(outputs)
    for node in nodes { taken.formUnion(node.outputs + node.inputs) }
    return Self.fresh(base, taken)
  }

  /// A node name that is not in use yet.
  package func freshNodeName(_ base: String) -> String { Self.fresh(base, Set(nodes.map(\.name))) }

  private static func fresh(_ base: String, _ taken: Set<String>) -> String {
    guard taken.contains(base) else { return base }
    var number = 1
    while taken.contains("\(base)_\(number)") { number += 1 }
    return "\(base)_\(number)"
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
