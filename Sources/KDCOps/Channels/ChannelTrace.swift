import KDCDiagnostics
import KDCGraph
import KDCTensor

/// The labels of one axis: an atom for each position, or nil for an axis nothing is ever removed from.
package typealias AxisLabels = [Int]?

/// Follows channels through a graph. Every axis of every value and float initializer carries labels; each operator
/// says which positions of its operands belong together (`ChannelPassing`). Operands of those that say nothing are
/// pinned, so that a channel that is not pinned can be removed everywhere without any other result changing.
///
/// The method is that of dependency graphs (Fang et al., "DepGraph: Towards Any Structural Pruning", 2023), with
/// single positions in the place of layers: offsets of Flatten, Concat and Slice need no rules of their own.
package struct ChannelTrace: Sendable {
  /// Where an initializer's axis stands in the arithmetic of a node.
  package enum Role: Sendable {
    /// The axis numbers what the node computes: removing a position removes a channel of its output.
    case producer
    /// The node sums over the axis: removing a position leaves a summand out.
    case consumer
    /// One parameter for each channel that passes: biases, scales, depthwise filters.
    case perChannel
  }

  /// A node's use of an axis of an initializer.
  package struct Use: Sendable {
    package var node: Int
    package var initializer: String
    package var axis: Int
    package var role: Role
    /// For consumers: the value that is summed over with the initializer, and its axis.
    package var activation: (name: String, axis: Int)?
  }

  package let graph: Graph
  package internal(set) var atoms = ChannelAtoms()
  package internal(set) var labels: [String: [AxisLabels]] = [:]
  package private(set) var uses: [Use] = []
  /// Index of the node whose operator is asked.
  private var index = 0

  /// `graph` has its types inferred. Throws what the decoding of a node throws.
  package init(_ graph: Graph) throws {
    self.graph = graph
    for input in graph.inputs {
      if graph.initializers[input.name] != nil {
        pin(input.name, "graph input '\(input.name)'")
      } else {
        labels[input.name] = [AxisLabels](repeating: nil, count: input.type.shape.rank)
      }
    }
    for (index, node) in graph.nodes.enumerated() {
      self.index = index
      if let op = try Operators.decode(node) as? any ChannelPassing { try op.trace(node, in: &self) } else { giveUp() }
      for output in node.outputs where !output.isEmpty && labels[output] == nil {
        labels[output] = [AxisLabels](repeating: nil, count: graph.types[output]?.shape.rank ?? 0)
      }
    }
    for output in graph.outputs { pin(output, "graph output '\(output)'") }
    atoms.flatten()
  }

  package func shape(of name: String) -> Shape { graph.types[name]?.shape ?? graph.initializers[name]?.shape ?? [] }

  /// The labels of a value; an initializer gets new ones on its first use. Axes of size 1 have none.
  package mutating func labels(of name: String) -> [AxisLabels] {
    if let known = labels[name] { return known }
    let shape = shape(of: name)
    var made = [AxisLabels](repeating: nil, count: shape.rank)
    if graph.initializers[name]?.dataType == .float32 {
      for axis in 0..<shape.rank where shape[axis] > 1 { made[axis] = atoms.make(shape[axis]) }
    }
    labels[name] = made
    return made
  }

  /// Pins all axes of a value.
  private mutating func pin(_ name: String, _ reason: String) {
    for axis in labels(of: name) { for atom in axis ?? [] { atoms.pin(atom, reason) } }
  }
}

/// What operators say of their node.
extension ChannelTrace {
  /// A float initializer.
  func isWeight(_ name: String?) -> Bool { name.flatMap { graph.initializers[$0]?.floats } != nil }

  /// The integers of a constant input; nil where it is absent or computed.
  func integers(_ node: Node, _ index: Int) -> [Int]? { graph.integers(node, index) }

  /// Notes that the node uses an axis of an initializer.
  mutating func use(_ initializer: String, _ axis: Int, _ role: Role, summing activation: (String, Int)? = nil) {
    uses.append(
      Use(node: index, initializer: initializer, axis: axis, role: role, activation: activation.map { ($0.0, $0.1) }))
  }

  private var reason: String { "\(graph.nodes[index].opType) '\(graph.nodes[index].name)'" }

  /// Nothing is ever removed from the axis.
  mutating func pin(_ axis: AxisLabels) {
    for atom in axis ?? [] { atoms.pin(atom, reason) }
  }

  mutating func pin(_ name: String) { pin(name, reason) }

  /// Pins every operand; outputs that have no labels get none.
  mutating func giveUp() {
    for name in graph.nodes[index].inputs where !name.isEmpty { pin(name) }
  }

  /// Labels for positions that are never removed, beside others of the same axis that may be.
  mutating func pinned(_ count: Int) -> [Int] {
    let made = atoms.make(count)
    pin(made)
    return made
  }

  /// Makes the positions of two axes one; where only one has labels they are pinned. Returns those of both.
  @discardableResult
  mutating func unify(_ a: AxisLabels, _ b: AxisLabels) -> AxisLabels {
    guard a != nil || b != nil else { return nil }
    guard let first = a, let second = b, first.count == second.count else {
      pin(a)
      pin(b)
      return nil
    }
    for (one, other) in zip(first, second) { atoms.union(one, other) }
    return first
  }

  /// Position j of each block of `positions` is position j of `channels`; pinned where one has no labels.
  mutating func repeats(_ channels: AxisLabels, in positions: AxisLabels) {
    guard let channels, let positions, positions.count % channels.count == 0 else {
      pin(positions)
      return pin(channels)
    }
    for (position, atom) in positions.enumerated() { atoms.union(atom, channels[position % channels.count]) }
  }

  /// The first output's elements are the first input's, place by place; other operands are pinned.
  mutating func pass(_ node: Node) {
    guard node.outputs.count == 1 else { return giveUp() }
    labels[node.outputs[0]] = labels(of: node.inputs[0])
    for name in node.inputs.dropFirst() where !name.isEmpty { pin(name) }
  }

  /// The outputs have the input's labels, but those of `axes`, along which elements mix: they are pinned.
  mutating func pass(_ node: Node, mixing axes: (Int) -> Bool) {
    var x = labels(of: node.inputs[0])
    for axis in x.indices where axes(axis) {
      pin(x[axis])
      x[axis] = nil
    }
    for output in node.outputs where !output.isEmpty { labels[output] = x }
  }

  /// The output has the input's labels without those of `axes`, which are pinned and, unless kept as 1, taken out.
  mutating func reduce(_ node: Node, _ axes: (Int) -> Bool, keepsAxes: Bool) {
    let x = labels(of: node.inputs[0])
    for axis in x.indices where axes(axis) { pin(x[axis]) }
    labels[node.outputs[0]] = x.indices.filter { keepsAxes || !axes($0) }.map { axes($0) ? nil : x[$0] }
  }

  /// Axes that keep their size, counted from the last, keep their labels; those that are stretched or repeated are pinned.
  mutating func stretch(_ node: Node) {
    guard integers(node, 1) != nil else { return giveUp() }
    let (from, to) = (shape(of: node.inputs[0]), shape(of: node.outputs[0]))
    let x = labels(of: node.inputs[0])
    var result = [AxisLabels](repeating: nil, count: to.rank)
    for axis in x.indices {
      let target = axis + to.rank - from.rank
      if target >= 0, from[axis] == to[target] { result[target] = x[axis] } else { pin(x[axis]) }
    }
    labels[node.outputs[0]] = result
  }

  /// Elementwise operands with numpy's broadcasting: axes of equal size go together, size 1 is stretched.
  mutating func broadcast(_ node: Node) {
    let shape = shape(of: node.outputs[0])
    var result = [AxisLabels](repeating: nil, count: shape.rank)
    for axis in 0..<shape.rank where shape[axis] > 1 {
      var found: [(name: String, axis: Int, labels: AxisLabels)] = []
      for name in node.inputs where !name.isEmpty {
        let own = axis - shape.rank + self.shape(of: name).rank
        guard own >= 0, self.shape(of: name)[own] == shape[axis] else { continue }
        found.append((name, own, labels(of: name)[own]))
      }
      guard let first = found.first?.labels, !found.contains(where: { $0.labels == nil }) else {
        for each in found { pin(each.labels) }
        continue
      }
      for each in found.dropFirst() { unify(first, each.labels) }
      result[axis] = first
      for each in found where graph.initializers[each.name] != nil { use(each.name, each.axis, .perChannel) }
    }
    labels[node.outputs[0]] = result
  }

  /// A bias: one number for each of the channels.
  mutating func bias(_ name: String?, _ channels: AxisLabels) {
    guard let name else { return }
    // Without channels to go with, a bias stays as it is.
    unify(labels(of: name).last ?? nil, channels)
    if isWeight(name) { use(name, 0, .perChannel) }
  }

  /// The output's labels, made one with those of a residual of its shape.
  mutating func finish(_ node: Node, _ result: [AxisLabels]) {
    var result = result
    if let residual = node.input(3) {
      for (axis, other) in labels(of: residual).enumerated() where axis < result.count {
        result[axis] = unify(result[axis], other)
      }
    }
    labels[node.outputs[0]] = result
  }
}
